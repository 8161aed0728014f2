/** Listeners take what an event's `emit` gives. */
export type Listener = (...values: never[]) => void

/** What the original API returns from whatever takes several steps: `on`, `once`, `off`. Events of the same turn are not lost. */
export class Emitter {
  readonly #listeners = new Map<string, Set<Listener>>()

  on(event: string, listener: Listener): this {
    const found = this.#listeners.get(event) ?? new Set()
    this.#listeners.set(event, found.add(listener))
    return this
  }

  once(event: string, listener: Listener): this {
    const wrapped: Listener = (...values) => {
      this.off(event, wrapped)
      listener(...values)
    }
    return this.on(event, wrapped)
  }

  off(event: string, listener: Listener): this {
    this.#listeners.get(event)?.delete(listener)
    return this
  }

  /** @returns whether somebody listens. */
  emit(event: string, ...values: unknown[]): boolean {
    const found = [...(this.#listeners.get(event) ?? [])]
    for (const listener of found) (listener as (...values: unknown[]) => void)(...values)
    return found.length > 0
  }
}

/** Starts `work` in the next turn, when the caller had time to listen; what it throws is the event `error`. */
export function emitting(work: (emitter: Emitter) => Promise<void>): Emitter {
  const emitter = new Emitter()
  queueMicrotask(() => {
    work(emitter).catch((error: unknown) => emitter.emit('error', legacyError(error)))
  })
  return emitter
}

/** Errors as the original named them; `code`, `hint` and `cause` say more. */
export interface LegacyError extends Error {
  readonly code: string
  readonly hint?: string
}

const NAMES: Readonly<Record<string, string>> = {
  INSUFFICIENT_ENG: 'NotEnoughTokens',
  TASK_NOT_EXPIRED: 'InvalidTaskReturn'
}

export function legacyError(error: unknown): LegacyError {
  const found = error instanceof Error ? error : new Error(String(error))
  const { code = 'INTERNAL', hint } = found as Partial<LegacyError>
  const legacy = Object.assign(new Error(found.message, { cause: found }), { code: String(code), hint })
  legacy.name = NAMES[code] ?? found.name
  return legacy
}
