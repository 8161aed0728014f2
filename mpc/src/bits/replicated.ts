import { MpcError } from '../errors.ts'
import type { Party } from '../session/party.ts'
import { xor, type Words } from './rows.ts'
import type { SharedBits } from './shared-bits.ts'

/** Random components for the sets this party is in, some words at a time: uniform bits that no party knows. */
function sharedDraw(op: Party, purpose: string): (words: number) => SharedBits {
  const draw = (excluded: number): ((words: number) => Words) => {
    const stream = op.setStream(excluded % 3, purpose)
    return words => {
      const out = new Uint32Array(words)
      new Uint8Array(out.buffer).set(stream(4 * words))
      return out
    }
  }
  const [first, second] = [draw(op.index + 1), draw(op.index + 2)]
  return words => ({ first: first(words), second: second(words) })
}

export const randomShared = (op: Party, words: number, purpose: string): SharedBits => sharedDraw(op, purpose)(words)

const asBytes = (words: Words): Uint8Array => new Uint8Array(words.buffer, words.byteOffset, words.byteLength)

async function receiveWords(op: Party, from: number, step: number, words: number): Promise<Words> {
  const bytes = await op.receiveBytes(from, step, 4 * words)
  if (bytes.byteOffset % 4 === 0 && bytes.buffer instanceof ArrayBuffer) {
    return new Uint32Array(bytes.buffer, bytes.byteOffset, words)
  }
  return new Uint32Array(bytes.slice().buffer)
}

function andXor(a: Words, b: Words, c: Words): Words {
  const out = new Uint32Array(a.length)
  for (let i = 0; i < out.length; i++) out[i] = (a[i]! & b[i]!) ^ c[i]!
  return out
}

/** This party's part of an AND of shared bits (a, b, a2, b2 as in `GateClaims`), under its part of a sharing of zero. */
function maskedPart({ a, b, a2, b2 }: Roles['own'], zero: SharedBits): Words {
  const out = new Uint32Array(a.length)
  for (let i = 0; i < out.length; i++) {
    out[i] = (a[i]! & (b[i]! ^ b2[i]!)) ^ (a2[i]! & b[i]!) ^ zero.first[i]! ^ zero.second[i]!
  }
  return out
}

/** The operands of gates as each of the three roles of a party knows them. */
interface Roles {
  readonly own: { readonly a: Words; readonly b: Words; readonly a2: Words; readonly b2: Words }
  readonly previous: { readonly a2: Words; readonly b2: Words }
  readonly next: { readonly a: Words; readonly b: Words }
}

/**
 * The gates of one circuit, layer by layer: one operation, whose mask streams all layers draw on. `lanes` is the number of bits that
 * count in each word; in the others anything may come out.
 *
 * - Cost: 1 round a layer; each party sends as many bits to the next one as there are gates (whole words).
 * - Security: passive, or private up to flips that a corrupt party chooses; in active mode the gates go to the ledger, and
 *   `verifyProducts` has them proved before anything is opened or released.
 * @see Araki, Furukawa, Lindell, Nof, Ohara, CCS 2016.
 */
export class Gates {
  readonly #op: Party
  readonly #lanes: number
  readonly #zeros: (words: number) => SharedBits

  constructor(party: Party, lanes = 32) {
    this.#op = party.operation('gates')
    this.#lanes = lanes
    this.#zeros = sharedDraw(this.#op, 'zero')
  }

  /** AND, bit by bit. */
  and(x: SharedBits, y: SharedBits): Promise<SharedBits> {
    return this.#layer({
      own: { a: x.first, b: y.first, a2: x.second, b2: y.second },
      previous: { a2: x.first, b2: y.first },
      next: { a: x.second, b: y.second }
    })
  }

  /**
   * The majority of three numbers of which number e is known to all but party e: their pairwise ANDs, each known to one party, XORed.
   */
  majority({ first, second }: SharedBits): Promise<SharedBits> {
    const none = new Uint32Array(first.length)
    return this.#layer({
      own: { a: first, b: none, a2: none, b2: second },
      previous: { a2: none, b2: first },
      next: { a: second, b: none }
    })
  }

  /** The XOR of shared bits and an AND, made public in the round of the AND. Passive only: nothing is proved. */
  async openWithAnd(x: SharedBits, y: SharedBits, plus: SharedBits): Promise<Words> {
    const op = this.#op
    const own = { a: x.first, b: y.first, a2: x.second, b2: y.second }
    const part = xor(maskedPart(own, this.#zeros(x.first.length)), plus.first)
    const step = op.step()
    const others = [(op.index + 1) % 3, (op.index + 2) % 3]
    for (const to of others) await op.sendBytes(to, step, asBytes(part))
    const parts = await Promise.all(others.map(from => receiveWords(op, from, step, part.length)))
    return xor(xor(part, parts[0]!), parts[1]!)
  }

  async #layer({ own, previous, next }: Roles): Promise<SharedBits> {
    const op = this.#op
    const count = own.a.length
    const zero = this.#zeros(count)
    const sent = maskedPart(own, zero)
    const step = op.step()
    await op.sendBytes((op.index + 1) % 3, step, asBytes(sent))
    const received = await receiveWords(op, (op.index + 2) % 3, step, count)
    if (op.active) {
      op.ledger.addGates({
        lanes: this.#lanes,
        own: { ...own, e1: xor(sent, zero.second), e2: andXor(own.a, own.b, zero.first) },
        previous: { ...previous, e1: xor(received, zero.first) },
        next: { ...next, e2: andXor(next.a, next.b, zero.second) }
      })
    }
    return { first: received, second: sent }
  }
}

/**
 * Makes shared bits public: both parties that know the component which a third lacks send it, and it compares.
 *
 * - Shapes: words of bits in, the same words in the clear out.
 * - Cost: 1 round; each party sends two vectors.
 * - Security: active: a wrong component is always seen, because the other sender is honest.
 * @throws MPC_OPENING if the two disagree; the session is over then.
 * @see Araki et al., CCS 2016; docs/spec/mpc.md 5.3.
 * @cost n = 3, 32 bits: passive 1 round, 8 bytes; active, proved 1 round, 8 bytes
 */
export async function openBits(party: Party, x: SharedBits): Promise<Words> {
  const op = party.operation('open-bits')
  const [next, previous] = [(op.index + 1) % 3, (op.index + 2) % 3]
  const step = op.step()
  await op.sendBytes(next, step, asBytes(x.first))
  await op.sendBytes(previous, step, asBytes(x.second))
  const [one, other] = await Promise.all([next, previous].map(from => receiveWords(op, from, step, x.first.length)))
  let difference = 0
  for (let i = 0; i < one!.length; i++) difference |= one![i]! ^ other![i]!
  if (difference !== 0) {
    op.fail(
      new MpcError(
        { code: 'MPC_OPENING', operation: op.id },
        'Two parties sent different copies of the same bits: one of them is lying.'
      )
    )
  }
  return xor(xor(x.first, x.second), one!)
}
