import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { DevnetError } from './errors.ts'
import type { RunningProcess } from './options.ts'
import { enigmaHome } from './paths.ts'
import { identify, isAlive, sendToGroup, type ProcessId } from './process-id.ts'

/** What a running devnet says about itself to everybody on this machine: `.enigma/devnet/devnet.json`. */
export interface DevnetState {
  readonly version: 1
  readonly phase: 'starting' | 'ready' | 'stopping'
  readonly supervisor: ProcessId
  readonly processes: readonly RunningProcess[]
  readonly startedAt: string
  readonly keep: boolean
  readonly dataDir: string
  readonly logDir: string
  /** From here on known once it is ready. */
  readonly chainUrl?: string
  readonly chainId?: number
  readonly enigma?: string
  readonly token?: string
  readonly epochSize?: number
  readonly principalUrl?: string
  readonly workers?: readonly {
    readonly name: string
    readonly httpUrl: string
    readonly multiaddrs: readonly string[]
  }[]
  readonly pages?: { readonly enigma: string; readonly token: string; readonly dapp?: string }
}

export const stateFilePath = (): string => join(enigmaHome(), 'devnet', 'devnet.json')

/** The state of the devnet whose supervisor lives, else undefined. */
export function readDevnetState(): DevnetState | undefined {
  const state = readFile()
  return state !== undefined && isAlive(state.supervisor) ? state : undefined
}

/** What the file says, even if its supervisor is gone. */
export function readFile(path = stateFilePath()): DevnetState | undefined {
  try {
    const state = JSON.parse(readFileSync(path, 'utf8')) as DevnetState
    return state.version === 1 ? state : undefined
  } catch {
    return undefined
  }
}

/**
 * Makes this process the one supervisor. What an earlier one left running after a crash is ended first.
 * @throws DEVNET_RUNNING if another supervisor lives.
 */
export function claimState(
  state: Pick<DevnetState, 'keep' | 'dataDir' | 'logDir'>,
  path = stateFilePath()
): StateHolder {
  const mine: DevnetState = {
    version: 1,
    phase: 'starting',
    supervisor: identify(process.pid),
    processes: [],
    startedAt: new Date().toISOString(),
    ...state
  }
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  for (;;) {
    try {
      writeFileSync(path, JSON.stringify(mine), { flag: 'wx', mode: 0o600 })
      return new StateHolder(path, mine)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
    const other = readFile(path)
    if (other !== undefined && isAlive(other.supervisor)) throw runsAlready(other)
    if (other !== undefined) endLeftovers(other)
    rmSync(path, { force: true })
  }
}

/** @throws DEVNET_RUNNING if a supervisor lives. */
export function assertNoneRuns(): void {
  const state = readDevnetState()
  if (state !== undefined) throw runsAlready(state)
}

function runsAlready({ supervisor: { pid } }: DevnetState): DevnetError {
  return new DevnetError({ code: 'DEVNET_RUNNING', pid }, `A network runs already (process ${pid}).`, {
    hint: 'Stop it with `./launch.sh -q`.'
  })
}

/** Ends what is left of a network whose supervisor is gone; never a process that only has the number of one of its own. */
export function endLeftovers({ processes }: DevnetState): string[] {
  const left = processes.filter(isAlive)
  for (const { pid } of left) sendToGroup(pid, 'SIGKILL')
  return left.map(({ name }) => name)
}

/** The right to write the state file, until `release`. */
export class StateHolder {
  readonly #path: string
  #state: DevnetState

  constructor(path: string, state: DevnetState) {
    this.#path = path
    this.#state = state
  }

  update(change: Partial<DevnetState>): void {
    this.#state = { ...this.#state, ...change }
    const next = `${this.#path}.next`
    writeFileSync(next, `${JSON.stringify(this.#state, undefined, 2)}\n`, { mode: 0o600 })
    renameSync(next, this.#path) // readers see the old file or the new one, never half of one
  }

  release(): void {
    rmSync(this.#path, { force: true })
  }
}
