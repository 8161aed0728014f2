import { MpcError, parameterError } from '../errors.ts'
import { breathe } from '../protocols/reshare.ts'
import type { Party } from '../session/party.ts'
import { streamOf } from '../session/streams.ts'
import { cut, gather, type Planes } from './planes.ts'
import {
  appendTo,
  chunkWords,
  columnWeights,
  crossSums,
  foldBits,
  foldPieces,
  fromBytes,
  isProduct,
  minus,
  padTo,
  pieceProducts,
  plus,
  sumWeights,
  toBytes,
  uniform,
  type Draw,
  type Pair,
  type Side
} from './proof-arithmetic.ts'
import { BIT_CHUNKS } from './proof-kernel.ts'
import type { GateClaims } from './claims.ts'

/** Gates of one proof: its vectors take some 40 MB. More gates are proved one part after the other. */
const SEGMENT_WORDS = 2 ** 15
/** At this length a vector is masked and its last inner product opened. */
const LAST = 16
const SEED_BYTES = 32
/** A check that a wrong gate could pass with more than 2^-80 is refused. */
const WEAKEST_BITS = -80

/** Long vectors are cut into few pieces (cheap to compute), short ones into many (few rounds). */
const partsFor = (length: number): number => (length > 4096 ? 4 : length > 256 ? 8 : 16)

/** Lengths of the vectors of a proof, from the first after the bits to the last, and the pieces that each is cut into. */
function schedule(words: number): { readonly length: number; readonly parts: number }[] {
  const steps: { length: number; parts: number }[] = []
  let length = 4 * 32 * chunkWords(words)
  while (length > LAST) {
    const parts = partsFor(length)
    steps.push({ length, parts })
    length = Math.ceil(length / parts)
  }
  return [...steps, { length, parts: length + 1 }]
}

/**
 * log2 of the chance that a wrong one among `gates` AND gates goes unnoticed: in each of two repetitions, 2^-56 for the weights
 * and 2/(2^61 - 1) for each step. Hardly depends on the number of gates, because all weights are drawn independently.
 */
export function gateSoundnessBits(gates: number): number {
  const words = Math.min(SEGMENT_WORDS, Math.max(1, Math.ceil(gates / 32)))
  return 2 * Math.log2(2 ** -56 + (schedule(words).length + 1) * 2 ** -60)
}

/**
 * Proves all layers of AND gates to the parties that can tell: each party proves its own to the other two, and checks theirs.
 *
 * Party P sent w = a b ^ a b' ^ a' b ^ s ^ s'. Its two neighbours know one half each: V2 knows a, b and e2 = a b ^ s, V1 knows
 * a', b' and e1 = w ^ s'. The gate is right if z = a b' ^ b a' ^ e2 ^ e1 is 0, and (-1)^z is an inner product of a vector of V2,
 * (-1)^e2 (1, a, b, a b), with one of V1. So P has to show that sums of beta (-1)^z are the sums of beta, for weights beta that V1
 * and V2 draw from their common key and P hears from V1 when its messages are fixed:
 *
 * 1. Gates lie in 8 chunks that share weights. P deals additive shares of all sums over (chunk j of V2) x (chunk k of V1); those
 *    with j = k are public. A challenge r, r' joins the chunks of each side to one vector modulo 2^61 - 1 each, whose inner product
 *    is the combination of the sums.
 * 2. These vectors are cut into pieces and joined in the same way until they are short.
 * 3. Random elements u (of P and V2) and v (of P and V1) go to the ends; V2 sends V1 its joined element, which u hides, and its
 *    share of what the product must be.
 * Everything is done in two repetitions with challenges of their own. Last, all say whether they are content, and wait for that.
 *
 * - Shapes: layers of gates, each as the ledger keeps them.
 * - Cost: 2 rounds for the first step and each of those of `schedule` (2 for a few comparisons, 7 at most) and 2 more; up to 5 kB a step.
 * - Security: active adversary, one party. A wrong gate passes with probability 2^`gateSoundnessBits`. What V1 sees is uniform
 *   or follows from its own knowledge and uniform values; P and V2 receive nothing but challenges.
 * @throws MPC_PRODUCT_CHECK; the session is over then.
 * @see Boneh, Boyle, Corrigan-Gibbs, Gilboa, Ishai, CRYPTO 2019; Boyle, Gilboa, Ishai, Nof, CCS 2019; docs/spec/mpc.md 4.5.
 * @cost n = 3, 32 gates: active, proved 12 rounds, 6414 bytes
 */
export async function proveGates(party: Party, layers: readonly GateClaims[]): Promise<void> {
  const op = party.operation('gates')
  const planes = gather(layers)
  const words = planes.own.a.length
  if (gateSoundnessBits(32 * words) > WEAKEST_BITS) {
    op.fail(parameterError('gates', `${32 * words} gates cannot be proved well enough in one check.`))
  }
  op.session.state.unsound += 2 ** gateSoundnessBits(32 * words)
  let good = true
  for (let at = 0; at < words; at += SEGMENT_WORDS) {
    const part = cut(planes, at, Math.min(words, at + SEGMENT_WORDS))
    if (!(await proveSegment(op.operation('segment'), part))) good = false
  }
  await settle(op, good)
}

/** Tells everyone, and goes on only if everyone is content: else one honest party would open what the other knows to be wrong. */
async function settle(op: Party, good: boolean): Promise<void> {
  const step = op.step()
  const others = [(op.index + 1) % 3, (op.index + 2) % 3]
  for (const to of others) await op.sendBytes(to, step, Uint8Array.of(good ? 1 : 0))
  const verdicts = await Promise.all(others.map(from => op.receiveBytes(from, step, 1)))
  if (good && verdicts.every(verdict => verdict[0] === 1)) return
  op.fail(
    new MpcError(
      { code: 'MPC_PRODUCT_CHECK', operation: op.id },
      'A proof of AND gates did not hold: some party sent wrong bits. The session is aborted.',
      { hint: 'Repeat the computation; if it fails again, leave out the suspected node.' }
    )
  )
}

/** Which elements of the table of products P deals: all but those that follow from the claim. */
const DEALT_OF_BITS = indices(BIT_CHUNKS, (j, k) => j !== k)
function indices(parts: number, keep: (j: number, k: number) => boolean): number[] {
  const all = Array.from({ length: parts * parts }, (_, i) => i)
  return all.filter(i => keep(Math.floor(i / parts), i % parts))
}

const pick = (u: Pair, places: readonly number[]): Pair => [
  BigUint64Array.from(places, i => u[0][i]!),
  BigUint64Array.from(places, i => u[1][i]!)
]

/** Puts dealt shares into a table of parts x parts, the rest being 0. */
function spread(u: Pair, places: readonly number[], parts: number): Pair {
  const table: Pair = [new BigUint64Array(parts * parts), new BigUint64Array(parts * parts)]
  table.forEach((values, rep) => places.forEach((place, i) => (values[place] = u[rep]![i]!)))
  return table
}

/** Fills in the element at (place, place), so that those on the diagonal up to it add up to h. */
function completeDiagonal(table: Pair, parts: number, place: number, h: Pair): Pair {
  let rest = h
  for (let j = 0; j < place; j++) rest = minus(rest, pick(table, [j * parts + j]))
  table.forEach((values, rep) => (values[place * parts + place] = rest[rep]![0]!))
  return table
}

/** Challenges of one step: a coefficient for each piece of the left and of the right side. */
interface Challenge {
  readonly left: Pair
  readonly right: Pair
}

const challengeOf = (stream: Draw, parts: number): Challenge => ({
  left: uniform(stream, parts),
  right: uniform(stream, parts)
})

/** The share of the next claim: sum of left_j right_k table_jk. */
function nextClaim(table: Pair, { left, right }: Challenge): Pair {
  return pieceProducts(foldPieces(table, left), right, 1)
}

/** What a party draws and sends in one proof, in each of its roles; see the streams in docs/spec/mpc.md. */
async function proveSegment(op: Party, planes: Planes): Promise<boolean> {
  const { index } = op
  const [next, previous] = [(index + 1) % 3, (index + 2) % 3]
  const expand = (seed: Uint8Array, step: number): Draw => streamOf(seed, op.id, `challenge ${step}`)
  // P = previous: this party is V1 and speaks for both verifiers. P = next: it is V2.
  const seedOfPrevious = op.setStream(previous, `seed ${previous}`)
  const seedOfNext = op.setStream(next, `seed ${next}`)
  // P and V2 share the set without V1, P and V1 that without V2
  const masksOfOwn = op.setStream(next, `mask ${index}`)
  const masksOfNext = op.setStream(previous, `mask ${next}`)
  const endOfOwn = op.setStream(previous, `end ${index}`)
  const endOfPrevious = op.setStream(next, `end ${previous}`)

  /** Seeds for one step, as V1 of the previous party and as V2 of the next one; `seeds` also tells the former and hears this party's. */
  const ownSeeds = (step: number): { previous: Uint8Array; streams: { previous: Draw; next: Draw } } => {
    const [forPrevious, forNext] = [seedOfPrevious(SEED_BYTES).slice(), seedOfNext(SEED_BYTES).slice()]
    return { previous: forPrevious, streams: { previous: expand(forPrevious, step), next: expand(forNext, step) } }
  }
  const seeds = async (step: number): Promise<{ own: Draw; previous: Draw; next: Draw }> => {
    const drawn = ownSeeds(step)
    await op.sendBytes(previous, 2 * step, drawn.previous)
    return { own: expand(await op.receiveBytes(next, 2 * step, SEED_BYTES), step), ...drawn.streams }
  }
  /** P deals the elements at `places`; the shares of what this party has dealt to it as V1 and V2. */
  const deal = async (
    step: number,
    products: Pair,
    places: readonly number[],
    parts: number
  ): Promise<{ first: Pair; second: Pair }> => {
    const count = places.length
    await op.sendBytes(next, 2 * step + 1, toBytes(minus(pick(products, places), uniform(masksOfOwn, count))))
    const second = spread(uniform(masksOfNext, count), places, parts)
    const first = fromBytes(await op.receiveBytes(previous, 2 * step + 1, 16 * count))
    return { first: spread(first, places, parts), second }
  }

  const left: Side = { a: planes.own.a, b: planes.own.b, e: planes.own.e2 }
  const right: Side = { a: planes.own.a2, b: planes.own.b2, e: planes.own.e1 }
  const rightOfPrevious: Side = { a: planes.previous.a2, b: planes.previous.b2, e: planes.previous.e1 }
  const leftOfNext: Side = { a: planes.next.a, b: planes.next.b, e: planes.next.e2 }
  const columns = 32 * chunkWords(planes.own.a.length)

  let drawn = await seeds(0)
  const beta = columnWeights(drawn.own, columns)
  const sums = crossSums(left, right, beta)
  await breathe()
  let dealt = await deal(0, sums, DEALT_OF_BITS, BIT_CHUNKS)
  // what is on the diagonal is the sum of the weights: all of it counts as V1's share
  const total = sumWeights(columnWeights(drawn.previous, columns))
  for (let j = 0; j < BIT_CHUNKS; j++) {
    dealt.first.forEach((values, rep) => (values[j * BIT_CHUNKS + j] = total[rep]![0]!))
  }
  const betaOfNext = columnWeights(drawn.next, columns)

  drawn = await seeds(1)
  let own = challengeOf(drawn.own, BIT_CHUNKS)
  let ofPrevious = challengeOf(drawn.previous, BIT_CHUNKS)
  let ofNext = challengeOf(drawn.next, BIT_CHUNKS)
  let u = foldBits(left, own.left, beta)
  let v = foldBits(right, own.right, null)
  await breathe()
  let firstVector = foldBits(rightOfPrevious, ofPrevious.right, null)
  let secondVector = foldBits(leftOfNext, ofNext.left, betaOfNext)
  await breathe()
  let firstClaim = nextClaim(dealt.first, ofPrevious)
  let secondClaim = nextClaim(dealt.second, ofNext)

  const steps = schedule(planes.own.a.length)
  for (const [number, { length, parts }] of steps.entries()) {
    const step = number + 1
    const last = number === steps.length - 1
    if (last) {
      u = appendTo(u, uniform(masksOfOwn, 1))
      secondVector = appendTo(secondVector, uniform(masksOfNext, 1))
      v = appendTo(v, uniform(endOfOwn, 1))
      firstVector = appendTo(firstVector, uniform(endOfPrevious, 1))
    } else {
      ;[u, v, firstVector, secondVector] = [u, v, firstVector, secondVector].map(each => padTo(each, parts)) as [
        Pair,
        Pair,
        Pair,
        Pair
      ]
    }
    // the last of the diagonal elements that make up the claim follows from the others
    const place = last ? length - 1 : parts - 1
    const places = indices(parts, (j, k) => j !== k || j !== place)
    const products = pieceProducts(u, v, parts)
    if (length > 4096) await breathe()
    dealt = await deal(step, products, places, parts)
    completeDiagonal(dealt.first, parts, place, firstClaim)
    completeDiagonal(dealt.second, parts, place, secondClaim)

    // P has dealt its last when the last challenge is drawn, and need not hear it
    const drawnAsVerifier = last ? ownSeeds(step + 1).streams : (drawn = await seeds(step + 1))
    ofPrevious = challengeOf(drawnAsVerifier.previous, parts)
    ofNext = challengeOf(drawnAsVerifier.next, parts)
    if (!last) {
      own = challengeOf(drawn.own, parts)
      u = foldPieces(u, own.left)
      v = foldPieces(v, own.right)
    }
    firstVector = foldPieces(firstVector, ofPrevious.right)
    secondVector = foldPieces(secondVector, ofNext.left)
    firstClaim = nextClaim(dealt.first, ofPrevious)
    secondClaim = nextClaim(dealt.second, ofNext)
    if (length > 4096) await breathe()
  }
  const end = 2 * (steps.length + 2)
  const concat = (a: Pair, b: Pair): Pair => appendTo(a, b)
  await op.sendBytes(previous, end, toBytes(concat(secondVector, secondClaim)))
  const received = fromBytes(await op.receiveBytes(next, end, 32))
  const [element, claim] = [pick(received, [0]), pick(received, [1])]
  return isProduct(element, firstVector, plus(firstClaim, claim))
}
