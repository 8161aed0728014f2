import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startDevnet, type DevAccount, type Devnet } from '@enigma/devnet'

/** Blocks of an epoch in the end-to-end tests. */
export const testEpochSize = 10

/** The devnet of this test run, and what is watched of it. */
export interface SharedDevnet {
  readonly devnet: Devnet
  /** Plaintext of all peer connections, one file per process. */
  readonly peerTapFolder: string
  /** An account with ETH and ENG that no other test file uses. */
  readonly nextUser: () => DevAccount
}

let running: Promise<SharedDevnet> | undefined
let folder: string | undefined

/** One network for all test files, because starting it takes longer than most tests. Blocks come only when a test mines them. */
async function start(): Promise<SharedDevnet> {
  folder = mkdtempSync(join(tmpdir(), 'enigma-e2e-'))
  const peerTapFolder = join(folder, 'peer-traffic')
  const devnet = await startDevnet({
    dataDir: join(folder, 'data'),
    logDir: join(folder, 'logs'),
    epochSize: testEpochSize,
    mining: { mode: 'manual' },
    preload: [join(import.meta.dirname, 'peer-tap.mjs')],
    env: () => ({ ENIGMA_PEER_TAP: peerTapFolder })
  })
  let used = 0
  const nextUser = (): DevAccount => {
    const user = devnet.accounts.users[used++ % devnet.accounts.users.length]
    if (user === undefined) throw new Error('a devnet without users')
    return user
  }
  return { devnet, peerTapFolder, nextUser }
}

/** Call inside `describe`: starts the shared network before its tests, unless another file has. */
export function useSharedDevnet(): () => SharedDevnet {
  let shared: SharedDevnet | undefined
  before(async function () {
    this.timeout(180_000)
    shared = await (running ??= start())
  })
  return () => {
    if (shared === undefined) throw new Error('the shared devnet is there only inside tests and hooks')
    return shared
  }
}

// A root hook: runs once, after the tests of all files.
after(async function () {
  this.timeout(60_000)
  if (running === undefined) return
  await running.then(({ devnet }) => devnet.stop()).catch(() => undefined)
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true })
})
