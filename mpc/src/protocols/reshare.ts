import type { Field, Vec } from '../field/field.ts'
import type { Dealing } from '../session/ledger.ts'
import { CHUNK_ELEMENTS, type Party } from '../session/party.ts'
import type { Session } from '../session/session.ts'
import { lagrange, pointOf } from '../sharing/shamir.ts'

/** Lets the event loop serve sockets and timers between chunks of computing. */
export const breathe = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

/** The elements [from, to) of a vector that lies on polynomials of degree 2t. The caller may overwrite them. */
export type Product = (from: number, to: number) => Vec

/**
 * Brings a vector of degree 2t (a local product) back to degree t.
 *
 * - Shapes: k elements of degree 2t in, given in chunks as they are wanted; k shares of degree t out.
 * - Cost: 1 round. n = 3: each party sends k elements to the next one. Otherwise each of the parties 0..2t sends k elements
 *   to n - 1 - t others, the other sub-shares coming from keys that two parties share.
 * - Security: passive adversary; against an active one the result is off by an additive error that it chose, and for
 *   n > 2t + 1 the shares may lie on no polynomial of degree t.
 * @see Gennaro, Rabin, Rabin, PODC 1998; Araki et al., CCS 2016 for the ring of three.
 * @cost n = 3, 4 elements: passive 1 round, 96 bytes; active, proved 1 round, 96 bytes
 * @cost n = 4, 4 elements: passive 1 round, 192 bytes; active, proved 1 round, 192 bytes
 */
export async function reshare(party: Party, count: number, product: Product): Promise<Vec> {
  return (await reshareInParts(party, count, product)).result
}

export interface Reshared {
  readonly result: Vec
  /** What each dealer dealt, where a failed check can be investigated. */
  readonly dealt: readonly Dealing[] | null
}

/**
 * As `reshare`, with what it is made of.
 *
 * - Shapes, security, source: as `reshare`.
 * @cost n = 3, 4 elements: passive 1 round, 96 bytes; active, proved 1 round, 96 bytes
 * @cost n = 4, 4 elements: passive 1 round, 192 bytes; active, proved 1 round, 192 bytes
 */
export async function reshareInParts(party: Party, count: number, product: Product): Promise<Reshared> {
  const op = party.operation('reshare')
  if (op.n === 3) return { result: await reshareInRing(op, count, product), dealt: null }
  return reshareByDealers(op, count, product)
}

/**
 * Three parties: the secret is the sum of lambda_i c_i. Party i masks c_i with its part of a sharing of zero and sends it to
 * the next party; piece i is then known to i and i + 1 (not to i + 2), which is a replicated sharing, and that turns into a
 * Shamir sharing by the polynomial that is 0 at i + 2.
 */
async function reshareInRing(op: Party, count: number, product: Product): Promise<Vec> {
  const { field, index } = op
  const [next, previous] = [(index + 1) % 3, (index + 2) % 3]
  // sigma_e = 3 s_e is uniform and known to all but e; lambda_i alpha_i = sigma_{i+1} - sigma_{i+2} sums up to 0 over i
  const streams = [next, previous].map(excluded => op.setStream(excluded, 'reshare'))
  const { own, received } = ringWeights(op.session)
  const chunks = Math.ceil(count / CHUNK_ELEMENTS)
  const first = op.step(chunks)
  const pieces: Vec[] = []
  const scratch = scratchOf(field)
  for (let chunk = 0; chunk < chunks; chunk++) {
    const from = chunk * CHUNK_ELEMENTS
    const to = Math.min(count, from + CHUNK_ELEMENTS)
    const [a, b] = streams.map((stream, i) =>
      field.sample(to - from, stream, field.slice(scratch[i]!, 0, to - from))
    ) as [Vec, Vec]
    const masked = product(from, to)
    const piece = field.add(masked, mask(op, a, b), masked)
    pieces.push(piece)
    const pressure = op.send(next, first + chunk, piece)
    if (pressure) await pressure
    if (chunk % 4 === 3) await breathe()
  }
  const out = field.zeros(count)
  for (let chunk = 0; chunk < chunks; chunk++) {
    const piece = pieces[chunk]!
    const other = await op.receive(previous, first + chunk, field.length(piece))
    const from = chunk * CHUNK_ELEMENTS
    field.mulAdd2(piece, own, other, received, field.slice(out, from, from + field.length(piece)))
    if (chunk % 4 === 3) await breathe()
  }
  return out
}

const scratches = new WeakMap<Field, readonly [Vec, Vec]>()

/** Two vectors of a chunk, for what is done before the next wait. */
function scratchOf(field: Field): readonly [Vec, Vec] {
  let found = scratches.get(field)
  if (!found) scratches.set(field, (found = [field.zeros(CHUNK_ELEMENTS), field.zeros(CHUNK_ELEMENTS)]))
  return found
}

const knownWeights = new WeakMap<Session, { readonly own: Vec; readonly received: Vec }>()

/** What a party multiplies its own piece and the one it receives with: lambda_i times the polynomial that is 0 at whoever lacks it. */
function ringWeights(session: Session): { readonly own: Vec; readonly received: Vec } {
  let found = knownWeights.get(session)
  if (!found) {
    const { field, index, productWeights: lambda } = session
    const [next, previous] = [(index + 1) % 3, (index + 2) % 3]
    const weight = (piece: number, excluded: number): Vec => {
      const [polynomial] = lagrange([0n, pointOf(excluded)], pointOf(index), field.p)
      return field.constant((lambda[piece]! * polynomial!) % field.p)
    }
    found = { own: weight(index, previous), received: weight(previous, next) }
    knownWeights.set(session, found)
  }
  return found
}

/** alpha_i with lambda = (3, -3, 1): s_1 - s_2, s_0 - s_2 and 3 (s_0 - s_1), where a = s_{i+1} and b = s_{i+2}, which it overwrites. */
function mask({ field, index }: Party, a: Vec, b: Vec): Vec {
  if (index === 1) return field.sub(b, a, a)
  const difference = field.sub(a, b, a)
  return index === 0 ? difference : field.add(field.add(difference, difference, b), difference, b)
}

/** The parties that fix dealer i's polynomial besides its secret: the t after it. */
export const seeded = (dealer: number, n: number, t: number): number[] =>
  Array.from({ length: t }, (_, k) => (dealer + 1 + k) % n)

/** Kept by reference until the next check: nobody may overwrite the vectors in it. */
const noteDealing = (op: Party, dealer: number, count: number): Dealing | null =>
  op.session.canBlame ? op.ledger.noteDealing(dealer, count) : null

/**
 * Deals a vector that one party knows: its value is known to `dealer` alone (null elsewhere).
 * t of the shares come from pairwise keys, so the dealer sends n - 1 - t vectors. Any dealing lies on some polynomial of
 * degree t if n = 2t + 1; beyond that a cheating dealer must be caught by a degree test.
 *
 * - Shapes: `count` elements at the dealer in, as many shares of degree t out.
 * - Security: t parties other than the dealer learn nothing. What is dealt is not checked here.
 * @see Shamir 1979; docs/spec/mpc.md 5.1.
 * @cost n = 3, 4 elements: passive 1 round, 96 bytes; active, proved 1 round, 96 bytes
 * @cost n = 4, 4 elements: passive 1 round, 192 bytes; active, proved 1 round, 192 bytes
 */
export async function dealFrom(
  op: Party,
  dealer: number,
  count: number,
  purpose: string,
  secret: (from: number, to: number) => Vec,
  note = noteDealing(op, dealer, count)
): Promise<Vec> {
  const { field, n, t, index } = op
  const fixed = seeded(dealer, n, t)
  const chunks = Math.ceil(count / CHUNK_ELEMENTS)
  const first = op.step(chunks)
  const out = field.zeros(count)
  const each = async (act: (at: number, size: number, chunk: number) => Promise<void> | void): Promise<void> => {
    for (let chunk = 0; chunk < chunks; chunk++) {
      const at = chunk * CHUNK_ELEMENTS
      await act(at, Math.min(count, at + CHUNK_ELEMENTS) - at, chunk)
      if (chunk % 4 === 3) await breathe()
    }
  }
  if (index === dealer) {
    const streams = fixed.map(peer => op.pairStream(peer, `${purpose}/${dealer}`))
    const points = [0n, ...fixed.map(pointOf)]
    const basis = (at: bigint): Vec[] => lagrange(points, at, field.p).map(value => field.constant(value))
    const others = op.others.filter(i => !fixed.includes(i))
    const own = basis(pointOf(index))
    const theirs = others.map(i => basis(pointOf(i)))
    await each(async (at, size, chunk) => {
      const vectors = [secret(at, at + size), ...streams.map(stream => field.sample(size, stream))]
      note?.chunks.push(vectors)
      for (const [k, other] of others.entries()) await op.send(other, first + chunk, field.combine(theirs[k]!, vectors))
      out.set(field.combine(own, vectors), at * field.limbs)
    })
  } else if (fixed.includes(index)) {
    const stream = op.pairStream(dealer, `${purpose}/${dealer}`)
    await each((at, size) => out.set(field.sample(size, stream), at * field.limbs))
  } else {
    await each(async (at, size, chunk) => out.set(await op.receive(dealer, first + chunk, size), at * field.limbs))
  }
  if (note) note.shares = out
  return out
}

async function reshareByDealers(op: Party, count: number, product: Product): Promise<Reshared> {
  const { field, session } = op
  const notes = session.dealers.map(dealer => noteDealing(op, dealer, count))
  const pieces = await Promise.all(
    session.dealers.map((dealer, i) => dealFrom(op, dealer, count, 'reshare', product, notes[i]!))
  )
  const weights = session.productWeights.map(weight => field.constant(weight))
  return { result: field.combine(weights, pieces), dealt: session.canBlame ? (notes as Dealing[]) : null }
}
