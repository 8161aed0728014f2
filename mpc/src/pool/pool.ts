import { parameterError } from '../errors.ts'
import type { Party } from '../session/party.ts'
import type { Batch, Kind } from './stock.ts'

/** Batches of one kind that a node keeps; more would be no use and could not be agreed on in one message. */
export const MAX_BATCHES = 64

/**
 * What one node has made ahead, in batches that all nodes made together (`fillPool`), waiting for a session to reserve them
 * (`reserveStock`). It is only good for sessions under the same keys and parameters.
 */
export class Pool {
  readonly #batches = new Map<Kind, Map<number, Batch>>()
  #setting: string | null = null

  /** Elements of each kind that are ready here. */
  inventory(): Readonly<Partial<Record<Kind, number>>> {
    const found: Partial<Record<Kind, number>> = {}
    for (const [kind, batches] of this.#batches) {
      found[kind] = [...batches.values()].reduce((sum, { count }) => sum + count, 0)
    }
    return found
  }

  /** Numbers of the batches of a kind, ascending. */
  numbers(kind: Kind): number[] {
    return [...(this.#batches.get(kind)?.keys() ?? [])].sort((a, b) => a - b)
  }

  /** @throws MPC_PARAMETERS if the pool is full, has that batch already, or was filled under other parameters. */
  add(party: Party, batch: Batch): void {
    this.requireSetting(party)
    const batches = this.#batches.get(batch.kind) ?? new Map<number, Batch>()
    if (batches.size >= MAX_BATCHES)
      throw parameterError('pool', `The pool has ${MAX_BATCHES} batches of ${batch.kind}.`)
    if (batches.has(batch.number)) throw parameterError('pool', `The pool has batch ${batch.number} already.`)
    batches.set(batch.number, batch)
    this.#batches.set(batch.kind, batches)
  }

  /** Hands out batches for ever. */
  remove(kind: Kind, numbers: readonly number[]): Batch[] {
    const batches = this.#batches.get(kind)
    return numbers.flatMap(number => {
      const batch = batches?.get(number)
      batches?.delete(number)
      return batch ? [batch] : []
    })
  }

  /** Forgets everything: when the keys of a new epoch begin. */
  clear(): void {
    this.#batches.clear()
    this.#setting = null
  }

  requireSetting({ session: { field, n, t, index, security, statisticalBits } }: Party): void {
    const setting = `${index}/${n}/${t}/${field.p}/${security}/${statisticalBits}`
    this.#setting ??= setting
    if (this.#setting !== setting) {
      throw parameterError('pool', 'This pool was filled for other parameters.', 'Use one pool for each setting.')
    }
  }
}
