import { MpcError } from '../errors.ts'
import type { WaitOptions } from './channel.ts'

interface Waiter {
  readonly resolve: (body: Uint8Array) => void
  readonly reject: (reason: MpcError) => void
}

/** Messages that arrive before they are asked for are kept up to this total. */
export const DEFAULT_EARLY_BYTES = 512 * 1024 * 1024

/** The messages of one peer in one session, by name, whether they come before or after somebody waits for them. */
export class Mailbox {
  readonly #early = new Map<string, Uint8Array>()
  readonly #waiting = new Map<string, Waiter>()
  readonly #from: number
  #limit: number
  #earlyBytes = 0
  #failure: MpcError | null = null

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
      this.#waiting.delete(name)
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
  }

  async receive(
    operation: string,
    step: number,
    bytes: number,
    { timeoutMs, signal }: WaitOptions
  ): Promise<Uint8Array> {
    const name = `${operation}/${step}`
    const body = this.#take(name) ?? (await this.#wait(name, operation, timeoutMs, signal))
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

  #wait(name: string, operation: string, timeoutMs: number, signal: AbortSignal | undefined): Promise<Uint8Array> {
    const aborted = (): MpcError =>
      new MpcError({ code: 'MPC_ABORTED', operation }, 'The session was ended from outside.', { cause: signal?.reason })
    return new Promise((resolve, reject) => {
      if (this.#failure) return reject(this.#failure)
      if (signal?.aborted) return reject(aborted())
      const end = (): void => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', onAbort)
        this.#waiting.delete(name)
      }
      const onAbort = (): void => {
        end()
        reject(aborted())
      }
      const timer = setTimeout(() => {
        end()
        reject(
          new MpcError(
            { code: 'MPC_TIMEOUT', from: this.#from, operation, limitMs: timeoutMs },
            `Party ${this.#from} was silent for ${timeoutMs} ms.`,
            { hint: 'Look whether that node is up and reachable.' }
          )
        )
      }, timeoutMs)
      signal?.addEventListener('abort', onAbort, { once: true })
      this.#waiting.set(name, {
        resolve: body => {
          end()
          resolve(body)
        },
        reject: reason => {
          end()
          reject(reason)
        }
      })
    })
  }
}
