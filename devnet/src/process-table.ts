import { join } from 'node:path'
import { DevnetError } from './errors.ts'
import { LogKeeper } from './log-keeper.ts'
import { ManagedProcess, type ProcessSpec } from './managed-process.ts'
import type { DevnetOptions, RunningProcess } from './options.ts'
import { Reaper } from './reaper.ts'

type TableOptions = Pick<DevnetOptions, 'onLog' | 'onProcesses' | 'onUnexpectedExit'> & { readonly logDir: string }

/** The processes of a devnet by name, in the order in which they were started; stopped in the opposite order. */
export class ProcessTable {
  readonly #reaper = new Reaper()
  readonly #processes = new Map<string, ManagedProcess>()
  readonly #options: TableOptions

  constructor(options: TableOptions) {
    this.#options = options
  }

  /** Starts a process, or starts it again with its old log. */
  start(spec: ProcessSpec): ManagedProcess {
    const child = this.#processes.get(spec.name) ?? this.#create(spec)
    child.start(spec)
    this.#announce()
    return child
  }

  /** @throws DEVNET_NO_SUCH_PROCESS */
  get(name: string): ManagedProcess {
    const found = this.#processes.get(name)
    if (found !== undefined) return found
    throw new DevnetError(
      { code: 'DEVNET_NO_SUCH_PROCESS', process: name },
      `This network has no process named '${name}'.`,
      {
        hint: `There are ${[...this.#processes.keys()].join(', ')}.`
      }
    )
  }

  running(): RunningProcess[] {
    return [...this.#processes.values()].flatMap(({ name, id }) => (id === undefined ? [] : [{ name, ...id }]))
  }

  async kill(name: string, signal: NodeJS.Signals): Promise<void> {
    await this.get(name).kill(signal)
    this.#announce()
  }

  /** Ends everything: first what depends on others. Never rejects because one of them is gone already. */
  async stopAll(graceMs: number): Promise<void> {
    const byAge = [...this.#processes.values()].reverse()
    const workers = byAge.filter(({ name }) => name.startsWith('worker'))
    await Promise.all(workers.map(child => child.stop(graceMs)))
    for (const child of byAge) await child.stop(graceMs)
    for (const { log } of byAge) log.close()
    await this.#reaper.close()
    this.#announce()
  }

  #create(spec: ProcessSpec): ManagedProcess {
    const { logDir, onLog, onUnexpectedExit } = this.#options
    const child = new ManagedProcess(spec, {
      reaper: this.#reaper,
      log: new LogKeeper({ file: join(logDir, `${spec.name}.log`), onLine: line => onLog?.(spec.name, line) }),
      onUnexpectedExit: (name, exit) => {
        this.#announce()
        onUnexpectedExit?.(name, exit)
      }
    })
    this.#processes.set(spec.name, child)
    return child
  }

  #announce(): void {
    this.#options.onProcesses?.(this.running())
  }
}
