import { MpcError } from '../errors.ts'
import type { WaitOptions } from './channel.ts'
import { abortedBy } from './wait.ts'

interface Waiter {
  readonly resolve: (body: Uint8Array) => void
  readonly reject: (reason: MpcError) => void
  readonly operation: string
  readonly wait: WaitOptions
  readonly since: number
}

/** Messages that arrive before they are asked for are kept up to this total. */
export const DEFAULT_EARLY_BYTES = 512 * 1024 * 1024

/** The messages of one peer in one session, by name, whether they come before or after somebody waits for them. */
export class Mailbox {
  readonly #early = new Map<string, Uint8Array>()
  readonly #waiting = new Map<string, Waiter>()
  readonly #from: number
  readonly #signals = new Set<AbortSignal>()
  #limit: number
  #earlyBytes = 0
  #failure: MpcError | null = null
  /** One timer for all waits: set for the first of them, and again for what is left when it rings. */
  #timer: NodeJS.Timeout | null = null
  #rings = 0

  constructor(from: number, maxEarlyBytes = DEFAULT_EARLY_BYTES) {
    this.#from = from
    this.#limit = maxEarlyBytes
  }

  /** What may wait here from now on. */
  set maxEarlyBytes(bytes: number) {
    this.#limit = bytes
  }

  deliver(operation: string, step: number, body: Uint8Array): void {
    if (this.#failure) return
    const name = `${operation}/${step}`
    const waiter = this.#waiting.get(name)
    if (waiter) {
      this.#end(name)
      waiter.resolve(body)
      return
    }
    if (this.#early.has(name)) {
      return this.fail(
        new MpcError({ code: 'MPC_MESSAGE', from: this.#from, operation }, `Party ${this.#from} sent a message twice.`)
      )
    }
    this.#early.set(name, body)
    this.#earlyBytes += body.length + 64
    if (this.#earlyBytes > this.#limit) {
      this.fail(
        new MpcError(
          { code: 'MPC_LINK', peer: this.#from, what: 'flood' },
          `Party ${this.#from} sent more than ${this.#limit} bytes ahead of time.`
        )
      )
    }
  }

  /** Ends every wait, now and later. */
  fail(reason: MpcError): void {
    this.#failure ??= reason
    for (const waiter of this.#waiting.values()) waiter.reject(this.#failure)
    this.#waiting.clear()
    this.#early.clear()
    this.#earlyBytes = 0
    if (this.#timer) clearTimeout(this.#timer)
    this.#timer = null
    for (const signal of this.#signals) signal.removeEventListener('abort', this.#onAbort)
    this.#signals.clear()
  }

  async receive(operation: string, step: number, bytes: number, wait: WaitOptions): Promise<Uint8Array> {
    const name = `${operation}/${step}`
    const body = this.#take(name) ?? (await this.#wait(name, operation, wait))
    if (body.length !== bytes) {
      throw new MpcError(
        { code: 'MPC_MESSAGE', from: this.#from, operation },
        `Party ${this.#from} sent ${body.length} bytes where ${bytes} were due.`
      )
    }
    return body
  }

  #take(name: string): Uint8Array | undefined {
    const body = this.#early.get(name)
    if (body) {
      this.#early.delete(name)
      this.#earlyBytes -= body.length + 64
    }
    return body
  }

  #wait(name: string, operation: string, wait: WaitOptions): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      const { signal, timeoutMs } = wait
      if (this.#failure) return reject(this.#failure)
      if (signal?.aborted) return reject(abortedBy(operation, signal))
      if (signal && !this.#signals.has(signal)) {
        this.#signals.add(signal)
        signal.addEventListener('abort', this.#onAbort)
      }
      const since = performance.now()
      // a timer that rings too early is set again; one that would ring too late is replaced
      if (!this.#timer) this.#setTimer(timeoutMs, since)
      else if (since + timeoutMs < this.#rings) {
        clearTimeout(this.#timer)
        this.#setTimer(timeoutMs, since)
      } else if (this.#waiting.size === 0) this.#timer.ref()
      this.#waiting.set(name, { resolve, reject, operation, wait, since })
    })
  }

  #setTimer(delayMs: number, now: number): void {
    this.#rings = now + delayMs
    this.#timer = setTimeout(() => this.#ring(), Math.max(1, delayMs))
  }

  #ring(): void {
    this.#timer = null
    const now = performance.now()
    let next = Infinity
    for (const [name, { reject, operation, wait, since }] of this.#waiting) {
      const { timeoutMs } = wait
      // timers may ring up to a millisecond before their time
      if (since + timeoutMs > now + 1) {
        next = Math.min(next, since + timeoutMs)
        continue
      }
      this.#waiting.delete(name)
      reject(
        new MpcError(
          { code: 'MPC_TIMEOUT', from: this.#from, operation, limitMs: timeoutMs },
          `Party ${this.#from} was silent for ${timeoutMs} ms.`,
          { hint: 'Look whether that node is up and reachable.' }
        )
      )
    }
    if (next < Infinity) this.#setTimer(next - now, now)
  }

  #end(name: string): void {
    this.#waiting.delete(name)
    // with nobody waiting the timer must not keep the process alive
    if (this.#waiting.size === 0) this.#timer?.unref()
  }

  readonly #onAbort = (event: Event): void => {
    for (const [name, { reject, operation, wait }] of this.#waiting) {
      if (wait.signal !== event.target) continue
      this.#end(name)
      reject(abortedBy(operation, wait.signal!))
    }
  }
}
