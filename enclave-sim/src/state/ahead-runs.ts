import type { Hash, ScAddr, StateWrites } from '@enigma/protocol'

/** More than 60 full batches; the oldest go first. */
const MAX_RUNS = 4096
/** Of all writes together. */
const MAX_BYTES = 64 * 1024 * 1024

/** A finished run of this enclave, of which it does not know whether the chain took its receipt. */
export interface AheadRun {
  readonly scAddr: ScAddr
  readonly epoch: number // of the record: it decides keys, and is not in the run's digest
  readonly generation: number
  readonly callsBack: boolean
  readonly delta: { readonly hash: Hash; readonly writes: StateWrites } | null
}

/**
 * Runs from which later ones may start before they are settled (R7), by their runDigest: another record, input or head is another
 * run. In memory only.
 */
export class AheadRuns {
  readonly #runs = new Map<Hash, AheadRun>() // oldest first
  #bytes = 0

  keep(runDigest: Hash, run: AheadRun): void {
    this.#forget(runDigest)
    this.#runs.set(runDigest, run)
    this.#bytes += bytesOf(run)
    while (this.#runs.size > MAX_RUNS || this.#bytes > MAX_BYTES) this.#forget(this.#runs.keys().next().value!)
  }

  get(runDigest: Hash): AheadRun | undefined {
    return this.#runs.get(runDigest)
  }

  drop(scAddr: ScAddr): void {
    for (const [runDigest, run] of this.#runs) if (run.scAddr === scAddr) this.#forget(runDigest)
  }

  #forget(runDigest: Hash): void {
    const run = this.#runs.get(runDigest)
    if (!run) return
    this.#bytes -= bytesOf(run)
    this.#runs.delete(runDigest)
  }
}

function bytesOf({ delta }: AheadRun): number {
  let bytes = 0
  for (const [name, value] of delta?.writes ?? []) bytes += name.length + (value?.length ?? 0)
  return bytes
}
