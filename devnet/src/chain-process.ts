import { mkdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { SLOW_DEVNET_CHAIN } from '@enigma/protocol'
import { accountCount } from './accounts.ts'
import { type ChainRpc } from './chain-rpc.ts'
import { DevnetError } from './errors.ts'
import type { ManagedProcess, ProcessSpec } from './managed-process.ts'
import { compileCache, repositoryRoot } from './paths.ts'
import { waitFor } from './wait.ts'

export const devnetChainId = 31337

/** The chain id decides how many confirmations count (`confirmationsOf`): a devnet may have those of the fast chain or of the slow one. */
export type DevnetConfirmations = 1 | 24
export const chainIdFor = (confirmations: DevnetConfirmations): number =>
  confirmations === 1 ? devnetChainId : Number(SLOW_DEVNET_CHAIN)

/**
 * `hardhat` lives in memory and is gone with its process; `anvil` writes its whole state to a file every few seconds and when it
 * ends, and goes on from there.
 */
export type ChainKind = 'hardhat' | 'anvil'

export interface ChainInit {
  readonly kind: ChainKind
  /** Default: this machine alone. */
  readonly host?: string
  readonly port: number
  readonly stateFile: string
  readonly chainId?: number
}

export function chainSpec(init: ChainInit): ProcessSpec {
  const { kind, host = '127.0.0.1', port, stateFile, chainId = devnetChainId } = init
  if (kind === 'anvil') return anvilSpec(host, port, stateFile, chainId)
  return {
    name: 'chain',
    command: process.execPath,
    args: [
      join(repositoryRoot, 'node_modules/hardhat/dist/src/cli.js'),
      'node',
      '--hostname',
      host,
      '--port',
      String(port),
      '--chain-id',
      String(chainId)
    ],
    cwd: repositoryRoot,
    // The command asks once whether it may send statistics; nothing leaves this machine.
    env: { HARDHAT_DISABLE_TELEMETRY: 'true', NO_COLOR: '1', NODE_COMPILE_CACHE: compileCache }
  }
}

function anvilSpec(host: string, port: number, stateFile: string, chainId: number): ProcessSpec {
  mkdirSync(dirname(stateFile), { recursive: true, mode: 0o700 })
  const options = {
    host,
    port,
    'chain-id': chainId,
    accounts: accountCount,
    hardfork: 'cancun',
    state: stateFile,
    'state-interval': 5,
    color: 'never'
  }
  const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)])
  return {
    name: 'chain',
    command: anvilBinary(),
    args: [...args, '--preserve-historical-states'],
    cwd: dirname(stateFile)
  }
}

/** The program itself, not npm's wrapper, so that the process we stop is the real one. */
function anvilBinary(): string {
  const platform = `${process.platform === 'win32' ? 'win32' : process.platform}-${process.arch === 'x64' ? 'amd64' : process.arch}`
  try {
    const require = createRequire(join(repositoryRoot, 'package.json'))
    return join(dirname(require.resolve(`@foundry-rs/anvil-${platform}/package.json`)), 'bin/anvil')
  } catch (cause) {
    const file = `@foundry-rs/anvil-${platform}`
    throw new DevnetError(
      { code: 'DEVNET_NOT_BUILT', file },
      `The chain that keeps its state (${file}) is not installed.`,
      {
        hint: 'It exists for Linux and macOS; run `npm ci`, or start without -k.',
        cause
      }
    )
  }
}

/** Waits until the chain listens and returns its address. */
export async function chainUrl(chain: ManagedProcess, signal: AbortSignal): Promise<string> {
  const listening = /(?:listening on|server at) (?:http:\/\/)?127\.0\.0\.1:(\d+)/i
  const port = await waitFor(
    () => {
      chain.assertRunning()
      return chain.log
        .linesOfRun()
        .map(line => listening.exec(line)?.[1])
        .findLast(found => found !== undefined)
    },
    { what: 'the chain to listen', limitMs: 60_000, intervalMs: 20, signal }
  )
  return `http://127.0.0.1:${port}`
}

/** When blocks come. hardhat counts milliseconds and anvil seconds, under the same name. */
export class Miner {
  readonly #rpc: ChainRpc
  readonly #kind: ChainKind

  constructor(rpc: ChainRpc, kind: ChainKind) {
    this.#rpc = rpc
    this.#kind = kind
  }

  /** A block for every transaction, at once. */
  async auto(): Promise<void> {
    await this.#interval(0)
    await this.#rpc.call('evm_setAutomine', [true])
  }

  /** One block every `ms`; anvil knows whole seconds only. */
  async every(ms: number): Promise<void> {
    await this.#rpc.call('evm_setAutomine', [false])
    await this.#interval(ms)
  }

  /** No block unless `mine` is called. */
  async manual(): Promise<void> {
    await this.#rpc.call('evm_setAutomine', [false])
    await this.#interval(0)
  }

  /** Mines blocks now. The first takes the waiting transactions. */
  async mine(blocks = 1): Promise<void> {
    if (this.#kind === 'anvil') await this.#rpc.call('anvil_mine', [`0x${blocks.toString(16)}`])
    // One by one: of several at once, hardhat makes blocks that are not each other's parents.
    else for (let i = 0; i < blocks; i++) await this.#rpc.call('hardhat_mine', ['0x1'])
  }

  async #interval(ms: number): Promise<void> {
    const value = this.#kind === 'anvil' ? Math.ceil(ms / 1000) : ms
    await this.#rpc.call('evm_setIntervalMining', [value])
  }
}
