/**
 * What an owner of data and a receiver of results need: sharing, and putting results together. No party code, nothing of
 * Node.js: this entry (`@enigma/mpc/client`) works in a browser.
 */
import { ctr } from '@noble/ciphers/aes.js'
import { MpcError, shapeError } from './errors.ts'
import { DEFAULT_PRIME, FAST_PRIME, Field, type Vec } from './field/field.ts'
import { scaledInteger } from './numbers/scaled-integer.ts'
import type { Sharing } from './sharing/combine.ts'
import { fromOwner } from './sharing/owners.ts'
import { lagrange, pointOf, Shamir } from './sharing/shamir.ts'

export { combine, type Combined, type Sharing } from './sharing/combine.ts'
export { DEFAULT_PRIME, FAST_PRIME, Field, MpcError, type Vec }
export type { ResultOpening } from './certificate/commitment.ts'
export { networkDigest, signedCertificateCodec, type Network, type SignedCertificate } from './certificate/statement.ts'
export { slopeSignificance, twoSided, type OpenedRegression, type SlopeSignificance } from './numbers/significance.ts'
export { combineCertified, type CertifiedResult } from './certificate/combine-certified.ts'

const SEED_BYTES = 32
const BLOCK_BYTES = 65536

/** What one node receives of a dealt vector: shares, or a seed it makes its shares of. */
export type Package =
  | { readonly kind: 'seed'; readonly seed: Uint8Array; readonly count: number }
  | { readonly kind: 'shares'; readonly shares: Uint8Array; readonly count: number }

/** Whole numbers as they are, others times 2^fraction, rounded. @throws MPC_RANGE beyond 2^magnitude, or if not finite. */
export function encode(field: Field, values: readonly (number | bigint)[], fraction: number, magnitude: number): Vec {
  const limit = 2n ** BigInt(magnitude + fraction)
  const scaled = values.map(value => scaledInteger(value, fraction))
  if (scaled.some(value => value > limit || value < -limit)) {
    throw new MpcError(
      { code: 'MPC_RANGE', what: 'input', limitBits: magnitude },
      `A value exceeds the declared bound of 2^${magnitude}.`
    )
  }
  return field.from(scaled)
}

/** Numbers of opened elements; exact only up to 2^53 * 2^-fraction. */
export const decode = (field: Field, values: Vec, fraction: number): number[] =>
  field.toSigned(values).map(value => Number(value) / 2 ** fraction)

/**
 * Shares a vector among n nodes. The first t nodes get a seed, the others explicit shares: (n - t) times the size of the
 * vector in all. Any t packages together are uniform and independent of the values.
 */
export function deal(values: Vec, { prime, n, t }: Sharing): Package[] {
  const field = Field.of(prime)
  const shamir = new Shamir(field, n, t)
  const count = field.length(values)
  const seeds = Array.from({ length: shamir.t }, () => crypto.getRandomValues(new Uint8Array(SEED_BYTES)))
  const known = [values, ...seeds.map(seed => expand(field, { kind: 'seed', seed, count }))]
  const points = [0n, ...seeds.map((_, i) => pointOf(i))]
  return Array.from({ length: n }, (_, index) => {
    if (index < t) return { kind: 'seed', seed: seeds[index]!, count }
    const basis = lagrange(points, pointOf(index), prime).map(value => field.constant(value))
    return { kind: 'shares', shares: field.toBytes(field.combine(basis, known)), count }
  })
}

/**
 * A node's shares of its package. They are remembered as an owner's: `secret` of them may be added and scaled, and whatever else wants
 * `foreignSecret`.
 * @throws MPC_SHAPE if it holds anything but `count` elements. */
export function expand(field: Field, dealt: Package): Vec {
  if (dealt.kind === 'seed') {
    if (dealt.seed.length !== SEED_BYTES) throw shapeError('package', `A seed has ${SEED_BYTES} bytes.`)
    return fromOwner(field.sample(dealt.count, seedStream(dealt.seed)))
  }
  if (dealt.shares.length !== dealt.count * field.bytes)
    throw shapeError('package', 'The package has another length than it says.')
  const shares = field.fromBytes(dealt.shares)
  if (!field.valid(shares)) throw shapeError('package', 'The package holds what is no field element.')
  return fromOwner(shares)
}

/** AES-128-CTR over zeros: key and first counter block are the halves of the seed's first 32 bytes. */
function seedStream(seed: Uint8Array): (bytes: number) => Uint8Array {
  const key = seed.slice(0, 16)
  const start = seed.slice(16, 28) // the last 4 bytes count blocks
  let block = new Uint8Array(0)
  let at = 0
  let next = 0
  const refill = (): void => {
    const counter = new Uint8Array(16)
    counter.set(start)
    new DataView(counter.buffer).setUint32(12, (next * BLOCK_BYTES) / 16)
    block = new Uint8Array(ctr(key, counter).encrypt(new Uint8Array(BLOCK_BYTES)))
    next++
    at = 0
  }
  return bytes => {
    const out = new Uint8Array(bytes)
    for (let filled = 0; filled < bytes;) {
      if (at === block.length) refill()
      const part = block.subarray(at, at + bytes - filled)
      out.set(part, filled)
      filled += part.length
      at += part.length
    }
    return out
  }
}
