import type { ChainView, ChainViewRequest, Hash } from '@enigma/protocol'
import { enclaveError } from '../errors.ts'

const MAX_AGE_MS = 60_000
const MAX_KEPT = 256

interface Timed<T> {
  readonly value: T
  readonly askedAtMs: number
}

/**
 * What the enclave asked of the chain, and what it was truthfully told. A view is as old as its request, by the enclave's own
 * monotonic clock, so that a host cannot keep an answer back and use it later.
 */
export class Views {
  readonly #now: () => number
  readonly #asked = new Map<Hash, Timed<ChainViewRequest>>()
  readonly #views = new Map<Hash, Timed<ChainView>>()

  constructor(monotonicMs: () => number) {
    this.#now = monotonicMs
  }

  ask(request: ChainViewRequest): void {
    this.#prune()
    keepNewest(this.#asked, request.nonce, { value: request, askedAtMs: this.#now() })
  }

  /** The request that `nonce` answers. @throws ENCLAVE_VIEW_UNKNOWN */
  asked(nonce: Hash): ChainViewRequest {
    this.#prune()
    const asked = this.#asked.get(nonce)
    if (asked) return asked.value
    throw enclaveError(
      'ENCLAVE_VIEW_UNKNOWN',
      'No request with this nonce is open: it was answered, is too old, or is not of this enclave.'
    )
  }

  /** Takes the answer to an open request, which it uses up. @throws ENCLAVE_VIEW_UNKNOWN */
  take(view: ChainView): void {
    this.asked(view.nonce)
    const { askedAtMs } = this.#asked.get(view.nonce)!
    this.#asked.delete(view.nonce)
    keepNewest(this.#views, view.nonce, { value: view, askedAtMs })
  }

  /** @throws ENCLAVE_VIEW_UNKNOWN */
  get(nonce: Hash): ChainView {
    this.#prune()
    const view = this.#views.get(nonce)
    if (view) return view.value
    throw enclaveError(
      'ENCLAVE_VIEW_UNKNOWN',
      'There is no view with this nonce, or it is older than a minute. Ask for a new one.'
    )
  }

  get size(): number {
    this.#prune()
    return this.#views.size
  }

  #prune(): void {
    const oldest = this.#now() - MAX_AGE_MS
    for (const map of [this.#asked, this.#views]) {
      for (const [nonce, { askedAtMs }] of map) if (askedAtMs < oldest) map.delete(nonce)
    }
  }
}

function keepNewest<T>(map: Map<Hash, Timed<T>>, nonce: Hash, value: Timed<T>): void {
  map.set(nonce, value)
  if (map.size > MAX_KEPT) map.delete(map.keys().next().value!)
}
