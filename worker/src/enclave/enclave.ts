import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  printable,
  type EnclaveCalls,
  type EnclaveMethodName,
  type StartRequest,
  type StartResponse
} from '@enigma/protocol'
import type { Logger } from '../ops/log.ts'
import { WorkerError } from '../errors.ts'
import { openChannel, type EnclaveChannel } from './channel.ts'
import { bubblewrapWorks, killEnclave, launchEnclave, type EnclaveProcess, type Isolation } from './launch.ts'

export interface CallOptions {
  readonly timeoutMs?: number
}

/** A worker's or principal's enclave, whatever process it lives in at the moment. */
export interface Enclave {
  /** Who the enclave is; known once `bind` has succeeded. */
  readonly identity: StartResponse
  /** Counts the processes: what was fed to an earlier one (code, state, views) is gone. */
  readonly generation: number
  readonly isolation: Isolation
  /** Pid of the process, for tests and status; null while none runs. */
  readonly pid: number | null
  /** @throws ENCLAVE_REFUSED with the enclave's own code in `facts.reason`; WORKER_ENCLAVE_TIMEOUT; WORKER_ENCLAVE_DOWN. */
  call<M extends EnclaveMethodName>(
    method: M,
    request: EnclaveCalls[M][0],
    options?: CallOptions
  ): Promise<EnclaveCalls[M][1]>
  /** Calls back after a respawned enclave is bound again. */
  onRestart(callback: () => void): () => void
}

/** Calls into an enclave that is not bound so far. */
export type UnboundCall = <M extends EnclaveMethodName>(
  method: M,
  request: EnclaveCalls[M][0]
) => Promise<EnclaveCalls[M][1]>
export type BecomeSomebody = (call: UnboundCall) => Promise<StartResponse>

export interface EnclaveSupervisorOptions {
  readonly distDir: string
  readonly sealedDir: string
  readonly isolation: Isolation | 'auto'
  readonly log: Logger
  readonly onCrash?: (detail: string) => void
}

const CALL_MS = 5_000
/** The first answer comes from a process that has yet to load: on a busy machine that takes longer than any call. */
const START_MS = 30_000
const RUN_MS = 30_000
const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 5_000
/** A process that lived this long starts the pauses anew. */
const HEALTHY_MS = 30_000
/** Ends so early inside bubblewrap speak against bubblewrap, not against the enclave. */
const CAGE_FAILURES = 2
const STOP_MS = 2_000

/**
 * Keeps one enclave process alive. A crash ends the calls under way with WORKER_ENCLAVE_DOWN and nothing else: the next
 * process gets the same sealed folder and the same `start`, and users feed it state and code again.
 */
export class EnclaveSupervisor implements Enclave {
  readonly #options: EnclaveSupervisorOptions
  #isolation: Isolation
  #binding: StartRequest | null = null
  #becoming: BecomeSomebody | null = null
  #identity: StartResponse | null = null
  #channel: EnclaveChannel | null = null
  #process: EnclaveProcess | null = null
  #ready: Promise<void> = Promise.resolve()
  #generation = 0
  #stopped = false
  readonly #callbacks = new Set<() => void>()

  constructor(options: EnclaveSupervisorOptions) {
    this.#options = options
    const { isolation } = options
    this.#isolation = isolation === 'auto' ? (bubblewrapWorks() ? 'bubblewrap' : 'process-only') : isolation
  }

  get identity(): StartResponse {
    if (!this.#identity) {
      throw new WorkerError({ code: 'WORKER_NOT_READY', step: 'start' }, 'The enclave has not been started yet.')
    }
    return this.#identity
  }
  /** Whether it is somebody: a standby's enclave is not, before it has its root. */
  get isBound(): boolean {
    return this.#identity !== null
  }
  get generation(): number {
    return this.#generation
  }
  get isolation(): Isolation {
    return this.#isolation
  }
  get pid(): number | null {
    return this.#process?.child.pid ?? null
  }

  /**
   * Starts the first process and binds it to its network.
   *
   * @throws what the enclave answers to `start`: it is then of no use, and nothing is tried again.
   */
  async bind(request: StartRequest): Promise<StartResponse> {
    this.#becoming = null
    return this.#bind(request)
  }

  /**
   * The same for an enclave that is nobody yet and becomes a principal by importing its root (R14), however long that takes. `become`
   * talks to each process that is started until then: one that ended has forgotten what it asked for.
   */
  async bindByImport(request: StartRequest, become: BecomeSomebody): Promise<StartResponse> {
    this.#becoming = become
    for (;;) {
      try {
        return await this.#bind(request)
      } catch (error) {
        if (this.#stopped || !(error instanceof WorkerError) || error.code !== 'WORKER_ENCLAVE_DOWN') throw error
        await sleep(FIRST_PAUSE_MS)
      }
    }
  }

  async #bind(request: StartRequest): Promise<StartResponse> {
    this.#binding = request
    for (let tries = 1; ; tries++) {
      try {
        await this.#spawn()
        return this.identity
      } catch (error) {
        this.#end()
        if (this.#stopped || (error instanceof WorkerError && error.code !== 'WORKER_ENCLAVE_DOWN')) throw error
        if (this.#isolation === 'bubblewrap' && this.#options.isolation === 'auto' && tries === CAGE_FAILURES) {
          this.#options.log.warn('the enclave does not start inside bubblewrap; it goes on with process isolation only')
          this.#isolation = 'process-only'
        } else if (tries > CAGE_FAILURES) throw error
      }
    }
  }

  async #spawn(): Promise<void> {
    const { distDir, sealedDir, log } = this.#options
    const started = performance.now()
    const launched = launchEnclave({ distDir, sealedDir, isolation: this.#isolation })
    const { child } = launched
    this.#process = launched
    this.#generation += 1
    const generation = this.#generation
    createInterface({ input: child.stderr! }).on('line', line => log.info(printable(line, 400)))
    createInterface({ input: child.stdout! }).on('line', line => log.info(printable(line, 400)))
    child.on('error', error => log.error('the enclave process could not be started', { error: error.message }))
    const channel = openChannel(launched.link, error => {
      if (error) log.error('the connection to the enclave broke', { error: error.message })
      if (!this.#stopped && generation === this.#generation && this.#identity && this.#channel === channel) {
        this.#respawn(started)
      }
    })
    child.on('exit', (code, signal) => {
      if (!this.#stopped) log.warn('the enclave process ended', { code, signal: signal ?? undefined })
      channel.close()
    })
    const become = this.#identity ? null : this.#becoming
    const identity = become
      ? await become((method, given) => channel.call(method, given, START_MS))
      : await channel.call('start', this.#binding!, START_MS)
    if (this.#identity && identity.signer !== this.#identity.signer) {
      throw new WorkerError(
        { code: 'ENCLAVE_REFUSED', method: 'start', reason: 'ENCLAVE_OTHER_KEY' },
        'The restarted enclave has another key than before.'
      )
    }
    this.#identity = identity
    this.#channel = channel
    log.info('enclave ready', { signer: identity.signer, isolation: identity.isolation, mode: identity.mode })
  }

  #respawn(lastStart: number): void {
    this.#end()
    this.#options.onCrash?.(`generation ${this.#generation}`)
    this.#ready = (async () => {
      let pause = performance.now() - lastStart > HEALTHY_MS ? FIRST_PAUSE_MS : 2 * FIRST_PAUSE_MS
      while (!this.#stopped) {
        await sleep(pause)
        if (this.#stopped) return
        try {
          await this.#spawn()
          for (const callback of this.#callbacks) callback()
          return
        } catch (error) {
          this.#options.log.error('the enclave could not be started again', { error: String(error) })
          this.#end()
          pause = Math.min(2 * pause, LONGEST_PAUSE_MS)
        }
      }
    })()
  }

  #end(): void {
    this.#channel = null
    if (this.#process) killEnclave(this.#process)
    this.#process = null
  }

  async call<M extends EnclaveMethodName>(
    method: M,
    request: EnclaveCalls[M][0],
    options: CallOptions = {}
  ): Promise<EnclaveCalls[M][1]> {
    const timeoutMs = options.timeoutMs ?? (method === 'run' ? RUN_MS : CALL_MS)
    if (!this.#channel) await Promise.race([this.#ready, sleep(timeoutMs, undefined, { ref: false })])
    const channel = this.#channel
    if (!channel) {
      throw new WorkerError({ code: 'WORKER_ENCLAVE_DOWN', method }, `The enclave is down; ${method} was not asked.`)
    }
    return channel.call(method, request, timeoutMs)
  }

  onRestart(callback: () => void): () => void {
    this.#callbacks.add(callback)
    return () => void this.#callbacks.delete(callback)
  }

  /** Closes the connection, upon which the enclave ends; kills it if it does not. */
  async stop(): Promise<void> {
    this.#stopped = true
    const launched = this.#process
    const { child, link } = launched ?? {}
    const running = child !== undefined && child.exitCode === null && child.signalCode === null
    const gone = running ? new Promise<void>(done => child.once('exit', () => done())) : null
    link?.destroy() // also of one that is only starting
    this.#channel = null
    if (gone) await Promise.race([gone, sleep(STOP_MS, undefined, { ref: false })])
    if (launched) killEnclave(launched)
  }
}
