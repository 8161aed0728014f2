import type { Hash, Hex, ScAddr } from '@enigma/protocol'

/** What a step and each of its keys take besides names and values, about. */
const STEP_BYTES = 512
const KEY_BYTES = 128

/** What one delta changed: where the state stood before it, and what its keys held. */
export interface UndoStep {
  readonly deltaCount: number
  readonly headHash: Hash
  readonly bytes: number // keys and values of the state
  readonly before: readonly (readonly [Hex, Uint8Array | undefined])[] // undefined: the key was not there
}

/**
 * The last deltas of all contracts, undoable. What is kept of a contract ends at its tip, without gaps: a step goes only with all that
 * are older.
 */
export class UndoLog {
  readonly #depth: number
  readonly #maxBytes: number
  readonly #steps = new Map<string, UndoStep>() // by place; oldest first
  #bytes = 0

  /**
   * @param depth steps kept of each contract
   * @param maxBytes of all steps together
   */
  constructor(depth: number, maxBytes: number) {
    this.#depth = depth
    this.#maxBytes = maxBytes
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Adds the step before a contract's new tip. */
  keep(scAddr: ScAddr, step: UndoStep): void {
    this.#steps.set(placeOf(scAddr, step.deltaCount), step)
    this.#bytes += bytesOf(step)
    this.#delete(placeOf(scAddr, step.deltaCount - this.#depth))
  }

  /** What undoes the delta that came at this count. */
  get(scAddr: ScAddr, deltaCount: number): UndoStep | undefined {
    return this.#steps.get(placeOf(scAddr, deltaCount))
  }

  /** Takes out the steps from `tip` back to `target`, newest first; the caller has seen that the last one is there. */
  take(scAddr: ScAddr, tip: number, target: number): UndoStep[] {
    const taken: UndoStep[] = []
    for (let count = tip - 1; count >= target; count--) {
      taken.push(this.get(scAddr, count)!)
      this.#delete(placeOf(scAddr, count))
    }
    return taken
  }

  forget(scAddr: ScAddr, tip: number): void {
    for (let count = tip - 1; this.#delete(placeOf(scAddr, count)); count--);
  }

  /** Lets the oldest go until no more than `roomBytes` are kept, nor more than the log's own bound. */
  trim(roomBytes: number): void {
    const limit = Math.min(this.#maxBytes, roomBytes)
    while (this.#bytes > limit) this.#delete(this.#steps.keys().next().value!)
  }

  #delete(place: string): boolean {
    const step = this.#steps.get(place)
    if (!step) return false
    this.#bytes -= bytesOf(step)
    return this.#steps.delete(place)
  }
}

const placeOf = (scAddr: ScAddr, deltaCount: number): string => `${scAddr}/${deltaCount}`

function bytesOf({ before }: UndoStep): number {
  let bytes = STEP_BYTES
  for (const [name, value] of before) bytes += KEY_BYTES + name.length + (value?.length ?? 0)
  return bytes
}
