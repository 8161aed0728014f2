import type { Field, Vec } from '../field/field.ts'
import { requireRoom } from '../plan/room.ts'
import { openMasked } from '../protocols/masked.ts'
import { reduceProduct } from '../protocols/multiply.ts'
import { fewest, openToFewest, tellOthers } from '../protocols/open.ts'
import { evaluator, joined, matrix, type LocalProduct } from '../protocols/product.ts'
import { breathe } from '../protocols/reshare.ts'
import { centring } from '../protocols/truncate.ts'
import type { Party } from '../session/party.ts'
import { sizeOf, type Secret } from './secret.ts'

/*
 * Truncating a product opens c = v + R (`truncate`), and the result is floor(c / 2^m) - h with h the high part of the mask R. So everybody
 * has seen the result behind a mask: value = seen - veil, `seen` public and `veil` shared, and the veil was known before any value was.
 * A product of two such values is
 *
 *   (a - p)(b - q) = a (b - q) - p b + p q,
 *
 * which is linear in shares once p q is there. So the products of veils that a program will need are made ahead, all in one round, and
 * (active mode) proved at once. From then on a product with its truncation is one opening of degree t.
 *
 * A program is a function of a `Stage`. It is run with veils first, which draws them and lists their products, and then with what
 * is seen. Linear functions of `Secret`s are the same for both.
 */

/** left right + plus, of which no element exceeds 2^norm, cut to `fraction` bits; `plus` may have fewer rows. */
export interface Cut {
  readonly left: Secret
  readonly right: Secret
  readonly plus?: Secret
  readonly fraction: number
  readonly norm: number
}

/** Values that enter: elements of 2^norm at most, with `whole` fraction bits, of which `fraction` are kept. */
export interface Entry {
  readonly rows: number
  readonly columns: number
  readonly whole: number
  readonly fraction: number
  readonly norm: number
}

export interface Stage {
  enter(entry: Entry): Promise<Secret>
  times(cuts: readonly Cut[]): Promise<Secret[]>
  /** What is public has no veil. */
  constant(value: Secret): Secret
}

interface Mask {
  readonly op: Party
  readonly shift: number
  /** The shares of R + 2^k, of what is added to the product before; later of everything that does not depend on what is seen. */
  base: Vec
  /** floor(R / 2^m), by parts. */
  readonly high: Vec
  /** Taken off the opened number after its low bits. */
  readonly offset: Vec
  readonly lead: Vec
}

interface VeiledCut extends Mask {
  readonly left: Vec
  readonly right: Vec
}

const shape = ({ rows, columns, fraction, norm }: Entry, shares: Vec): Secret => ({
  shares,
  rows,
  columns,
  fraction,
  bits: fraction + norm
})

/** Draws veils and lists their products. Nothing is sent. */
export class Preparation implements Stage {
  readonly #op: Party
  readonly entries: Mask[] = []
  readonly cuts: VeiledCut[] = []
  readonly products: LocalProduct[] = []

  constructor(party: Party) {
    this.#op = party.operation('preparation')
  }

  enter(entry: Entry): Promise<Secret> {
    const mask = this.#draw(entry)
    this.entries.push(mask)
    return Promise.resolve(shape(entry, mask.high))
  }

  async times(cuts: readonly Cut[]): Promise<Secret[]> {
    const { field } = this.#op
    const veils: Secret[] = []
    for (const { left, right, plus, fraction, norm } of cuts) {
      const entry = {
        rows: left.rows,
        columns: right.columns,
        whole: left.fraction + right.fraction,
        fraction,
        norm
      }
      const mask = this.#draw(entry)
      if (plus) addRows(field, mask.base, field.scale(plus.shares, -(2n ** BigInt(entry.whole - plus.fraction))))
      this.products.push(matrix(field, left.shares, right.shares, left.rows, left.columns, right.columns))
      this.cuts.push({ ...mask, left: left.shares, right: right.shares })
      veils.push(shape(entry, mask.high))
      if (sizeOf(left) > 1000) await breathe()
    }
    return veils
  }

  constant(value: Secret): Secret {
    return { ...value, shares: this.#op.field.zeros(sizeOf(value)) }
  }

  /** As `truncate`. @throws MPC_RANGE if the field cannot mask so many bits. */
  #draw({ rows, columns, whole, fraction, norm }: Entry): Mask {
    const op = this.#op.operation('veil')
    const { field, session } = op
    const shift = whole - fraction
    const k = Math.max(Math.ceil(whole + norm), shift)
    const { pieceBits } = requireRoom(session, 'truncate', k)
    const count = rows * columns
    if (session.rehearsal) {
      const nothing = field.zeros(count)
      return { op, shift, base: nothing, high: nothing, offset: nothing, lead: nothing }
    }
    const weights = session.mySets.map(({ plainWeight }) => plainWeight)
    const pieces = op.boundedPieces(pieceBits)(count)
    const mask = field.combine(weights, pieces)
    for (const piece of shift === 0 ? [] : pieces) field.shiftRaw(piece, shift, piece)
    const high = shift === 0 ? mask.slice() : field.combine(weights, pieces)
    const { before, after } = shift === 0 ? { before: 0n, after: 0n } : centring(session.setCount, 2n ** BigInt(shift))
    const base = field.add(mask, field.constant(2n ** BigInt(k)), mask)
    const offset = field.constant(2n ** BigInt(k - shift) + after)
    return { op, shift, base, high, offset, lead: field.constant(before) }
  }
}

/** Adds to the first rows. */
function addRows(field: Field, to: Vec, rows: Vec): void {
  const head = to.subarray(0, rows.length)
  field.add(head, rows, head)
}

/**
 * A program that was prepared, once the products of its veils are there.
 *
 * - Cost: 1 round for `begin` and for each `times`: passive mode t k elements from each of t + 1 parties (2t + 1 for `begin`) among
 *   themselves, the others being silent until `leave`; active mode as `openMasked`.
 * - Security: that of `truncate`. In active mode `products` must be claims of the ledger of the party that drew them.
 */
export class Performance implements Stage {
  readonly #op: Party
  readonly #entries: readonly Mask[]
  readonly #cuts: readonly VeiledCut[]
  readonly #entered: Vec[] = []
  #played = 0

  /** `products`: shares of the preparation's products, one behind the other. */
  constructor(party: Party, { entries, cuts }: Preparation, products: Vec) {
    const { field } = party
    this.#op = party.operation('performance')
    this.#entries = entries
    this.#cuts = cuts
    let at = 0
    for (const { base } of cuts) {
      const end = at + field.length(base)
      field.add(base, field.slice(products, at, end), base)
      at = end
    }
  }

  /** Opens what the program enters, in that order. 1 round, and in active mode those of a product. */
  async begin(given: readonly LocalProduct[]): Promise<void> {
    const op = this.#op.operation('enter')
    const { field, active, t } = op
    if (op.session.rehearsal) return
    const product = joined(given)
    const base = field.concat(this.#entries.map(mask => mask.base))
    const shares = active ? await reduceProduct(op, product) : evaluator(field, product)(0, product.count)
    const masked = field.add(shares, base)
    const opened = active
      ? await openMasked(op, masked)
      : await openToFewest(op, field.add(masked, op.zero(product.count)), 2 * t)
    if (!opened) return
    let at = 0
    for (const mask of this.#entries) {
      const end = at + field.length(mask.base)
      this.#entered.unshift(finish(field, mask, field.slice(opened, at, end)))
      at = end
    }
  }

  /** Passive mode: after `begin` nothing is to be done here before `leave`. Nor is anything where bounds are only rehearsed. */
  get isSilent(): boolean {
    const { active, index, session } = this.#op
    return session.rehearsal || (!active && !fewest(this.#op).includes(index))
  }

  enter(entry: Entry): Promise<Secret> {
    return Promise.resolve(shape(entry, this.#entered.pop()!))
  }

  async times(cuts: readonly Cut[]): Promise<Secret[]> {
    const veiled = this.#cuts.slice(this.#played, (this.#played += cuts.length))
    const { op } = veiled[0]!
    const { field } = op
    const masked = cuts.map(({ left, right, plus }, i) => {
      const veils = veiled[i]!
      const [rows, inner, columns] = [left.rows, left.columns, right.columns]
      const value = field.matmul(left.shares, field.sub(right.shares, veils.right), rows, inner, columns)
      field.sub(value, field.matmul(veils.left, right.shares, rows, inner, columns), value)
      field.add(value, veils.base, value)
      if (plus) {
        const lifted = field.scale(plus.shares, 2n ** BigInt(left.fraction + right.fraction - plus.fraction))
        addRows(field, value, lifted)
      }
      return value
    })
    const all = masked.length === 1 ? masked[0]! : field.concat(masked)
    const opened = op.active ? await openMasked(op, all) : (await openToFewest(op, all))!
    let at = 0
    return cuts.map(({ left, right, fraction, norm }, i) => {
      const entry = { rows: left.rows, columns: right.columns, whole: 0, fraction, norm }
      const end = at + entry.rows * entry.columns
      const seen = finish(field, veiled[i]!, field.slice(opened, at, end))
      at = end
      return shape(entry, seen)
    })
  }

  constant(value: Secret): Secret {
    return value
  }

  /** Shares of values: what is seen of them (of no meaning where `isSilent`), less their veils. 1 round in passive mode, else none. */
  async leave(pairs: readonly (readonly [Secret | null, Secret])[]): Promise<Secret[]> {
    const { field, active } = this.#op
    if (this.#op.session.rehearsal) return pairs.map(([, veil]) => veil)
    const veils = field.concat(pairs.map(([, veil]) => veil.shares))
    const mine = this.isSilent ? null : field.concat(pairs.map(([seen]) => seen!.shares))
    const seen = active ? mine! : await tellOthers(this.#op, mine, field.length(veils))
    const shares = field.sub(seen, veils)
    let at = 0
    return pairs.map(([, veil]) => ({ ...veil, shares: field.slice(shares, at, (at += sizeOf(veil))) }))
  }
}

/** floor((c + lead) / 2^m) - offset, in place of an opened c. */
function finish(field: Field, { shift, lead, offset }: Mask, opened: Vec): Vec {
  if (shift === 0) return field.sub(opened, offset, opened)
  const c = field.add(opened, lead, opened)
  field.fromRaw(field.shiftRaw(field.toRaw(c, c), shift, c), c)
  return field.sub(c, offset, c)
}
