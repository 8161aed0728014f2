import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readDevnetState, type DevnetState } from '@enigma/devnet'

const root = join(import.meta.dirname, '../../..')

/** A network as a person gets it from `./launch.sh`: blocks every second, epochs of a minute, pages. */
export interface Launched {
  readonly state: DevnetState
  stop(): Promise<void>
}

/** Runs `./launch.sh -s -d` on free ports, with a home of its own. */
export async function launch(...flags: string[]): Promise<Launched> {
  const home = mkdtempSync(join(tmpdir(), 'enigma-launched-'))
  const env = { ...process.env, ENIGMA_HOME: home, ENIGMA_DEVNET_PORTS: 'any' }
  const run = (...args: string[]): Promise<string> =>
    new Promise((resolve, reject) => {
      const child = spawn('./launch.sh', args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] })
      let output = ''
      for (const stream of [child.stdout, child.stderr]) stream.on('data', chunk => (output += String(chunk)))
      child.once('close', code => (code === 0 ? resolve(output) : reject(new Error(`launch.sh: ${code}\n${output}`))))
    })
  const stop = async (): Promise<void> => {
    await run('-q')
    rmSync(home, { recursive: true, force: true })
  }
  try {
    await run('-s', '-d', ...flags)
    const saved = process.env.ENIGMA_HOME
    process.env.ENIGMA_HOME = home // where readDevnetState looks
    const state = readDevnetState()
    if (saved === undefined) delete process.env.ENIGMA_HOME
    else process.env.ENIGMA_HOME = saved
    if (state === undefined) throw new Error('launch.sh came back without a network')
    return { state, stop }
  } catch (error) {
    await stop().catch(() => undefined)
    throw error
  }
}
