import { spawn, type ChildProcess } from 'node:child_process'
import { DevnetError } from './errors.ts'
import { type LogKeeper } from './log-keeper.ts'
import { identify, sendToGroup, type ProcessId } from './process-id.ts'
import type { Reaper } from './reaper.ts'

export interface ProcessSpec {
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
  readonly cwd: string
  readonly env?: Readonly<Record<string, string>>
}

export interface ManagedProcessOptions {
  readonly reaper: Reaper
  readonly log: LogKeeper
  /** It ended though nobody asked it to. */
  readonly onUnexpectedExit?: (name: string, exit: string) => void
}

/** Settings of the machine that a child needs. Nothing else is inherited, so that a network starts the same everywhere. */
const inherited = ['PATH', 'HOME', 'LANG', 'TMPDIR', 'TZ', 'USER', 'LD_LIBRARY_PATH', 'NODE_EXTRA_CA_CERTS']

/** One child process in a process group of its own: started, watched, stopped, started again. */
export class ManagedProcess {
  readonly name: string
  readonly log: LogKeeper
  #spec: ProcessSpec
  readonly #options: ManagedProcessOptions
  #child: ChildProcess | undefined
  #id: ProcessId | undefined
  #exit: string | undefined
  #exited: Promise<void> = Promise.resolve()
  #expected = false

  constructor(spec: ProcessSpec, options: ManagedProcessOptions) {
    this.name = spec.name
    this.#spec = spec
    this.#options = options
    this.log = options.log
  }

  /** Of the running process; undefined when there is none. */
  get id(): ProcessId | undefined {
    return this.#exit === undefined ? this.#id : undefined
  }

  /** How it ended; undefined while it runs. */
  get exit(): string | undefined {
    return this.#exit
  }

  start(spec = this.#spec): void {
    this.#spec = spec
    this.#expected = false
    this.#exit = undefined
    this.log.beginRun()
    const env = Object.fromEntries(
      inherited.flatMap(key => (process.env[key] === undefined ? [] : [[key, process.env[key]]]))
    )
    const child = spawn(spec.command, spec.args, {
      cwd: spec.cwd,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...env, ...spec.env } as NodeJS.ProcessEnv
    })
    this.#child = child
    const { pid } = child
    this.#id = pid === undefined ? undefined : identify(pid)
    if (pid !== undefined) this.#options.reaper.add(pid)
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8')
      stream.on('data', (chunk: string) => this.log.write(chunk))
    }
    this.#exited = new Promise(resolve => {
      child.once('error', error => {
        this.#exit ??= error.message
        resolve()
      })
      child.once('exit', (code, signal) => {
        this.#exit = signal === null ? `exit code ${code}` : signal
        if (pid !== undefined) this.#afterExit(pid)
        resolve()
      })
    })
  }

  /** Ends it: SIGTERM, and SIGKILL for its whole group after `graceMs`. Resolves when it is gone. */
  async stop(graceMs: number): Promise<void> {
    this.#expected = true
    const pid = this.#child?.pid
    if (pid === undefined) return
    if (this.#exit === undefined) {
      sendToGroup(pid, 'SIGTERM')
      const timer = setTimeout(() => sendToGroup(pid, 'SIGKILL'), graceMs)
      await this.#exited
      clearTimeout(timer)
    }
    sendToGroup(pid, 'SIGKILL')
  }

  /** Sends a signal to the process alone, as an accident would. */
  async kill(signal: NodeJS.Signals): Promise<void> {
    const pid = this.#child?.pid
    if (pid === undefined || this.#exit !== undefined) return
    const ends = signal === 'SIGKILL' || signal === 'SIGTERM' || signal === 'SIGINT' || signal === 'SIGABRT'
    if (ends) this.#expected = true
    this.#child?.kill(signal)
    if (ends) await this.#exited
  }

  exited(): Promise<void> {
    return this.#exited
  }

  /** @throws DEVNET_PROCESS_ENDED with the end of its log, if it is not running. */
  assertRunning(): void {
    if (this.#exit === undefined) return
    const exit = this.#exit
    const last = this.log.linesOfRun(12).join('\n')
    throw new DevnetError(
      { code: 'DEVNET_PROCESS_ENDED', process: this.name, exit },
      `${this.name} ended (${exit}).\n${last}`,
      {
        hint: this.log.file === undefined ? 'Its last lines are above.' : `Its whole log is ${this.log.file}.`
      }
    )
  }

  #afterExit(pid: number): void {
    // What it started must not outlive it: nobody would know its process ids any more.
    sendToGroup(pid, 'SIGKILL')
    this.#options.reaper.remove(pid)
    if (!this.#expected) this.#options.onUnexpectedExit?.(this.name, this.#exit ?? '')
  }
}
