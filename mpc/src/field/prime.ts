import { parameterError } from '../errors.ts'

export const bitLength = (value: bigint): number => (value === 0n ? 0 : value.toString(2).length)

export function modPow(base: bigint, exponent: bigint, p: bigint): bigint {
  let result = 1n
  let square = ((base % p) + p) % p
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % p
    square = (square * square) % p
  }
  return result
}

/** For public values only: its time depends on `value`. */
export const modInverse = (value: bigint, p: bigint): bigint => modPow(value, p - 2n, p)

/** Miller-Rabin over the first 24 primes and 16 values drawn from the number itself: a chosen composite cannot aim at them all. */
export function isProbablePrime(p: bigint): boolean {
  const small = [
    2n,
    3n,
    5n,
    7n,
    11n,
    13n,
    17n,
    19n,
    23n,
    29n,
    31n,
    37n,
    41n,
    43n,
    47n,
    53n,
    59n,
    61n,
    67n,
    71n,
    73n,
    79n
  ]
  if (p < 2n) return false
  for (const prime of small) if (p % prime === 0n) return p === prime
  let odd = p - 1n
  let twos = 0
  while ((odd & 1n) === 0n) {
    odd >>= 1n
    twos++
  }
  const drawn = Array.from({ length: 16 }, () => {
    const words = crypto.getRandomValues(new Uint32Array(10))
    return (words.reduce((sum, word) => (sum << 32n) | BigInt(word), 0n) % (p - 3n)) + 2n
  })
  return [...small, ...drawn].every(base => {
    let x = modPow(base, odd, p)
    if (x === 1n || x === p - 1n) return true
    for (let i = 1; i < twos; i++) {
      x = (x * x) % p
      if (x === p - 1n) return true
    }
    return false
  })
}

/** How elements of F_p lie in memory and are multiplied. `limbs` words of `width` bits each, least significant first. */
export interface FieldForm {
  readonly kind: 'montgomery' | 'pseudo-mersenne'
  readonly p: bigint
  readonly bits: number
  readonly limbs: number
  readonly width: number
  /** What a stored element is multiplied with: 2^(28 limbs) mod p for Montgomery, 1 otherwise. */
  readonly radix: bigint
}

export const MIN_PRIME = 2n ** 61n - 1n
export const MAX_PRIME_BITS = 256

/**
 * Picks the kernel for a prime. 2^k - c with a small c is reduced by folding; every other prime is in Montgomery form with
 * 28-bit limbs and at least 4 spare bits, so sums of 16 products reduce in one pass.
 * @throws MPC_PARAMETERS unless `p` is a prime from 2^61 - 1 up to 256 bits.
 */
export function fieldForm(p: bigint): FieldForm {
  const bits = bitLength(p)
  if (p < MIN_PRIME || bits > MAX_PRIME_BITS) {
    throw parameterError(
      'prime',
      `The modulus has ${bits} bits; primes from 2^61 - 1 up to ${MAX_PRIME_BITS} bits are supported.`
    )
  }
  if (!isProbablePrime(p)) throw parameterError('prime', 'The modulus is not a prime number.')
  const c = (1n << BigInt(bits)) - p
  const limbs = Math.ceil(bits / 28)
  const width = Math.ceil(bits / limbs)
  const fold = c << BigInt(limbs * width - bits)
  if (fold < 1n << 20n && BigInt(limbs) * (fold + 1n) * (1n << BigInt(2 * width)) < 1n << 62n) {
    return { kind: 'pseudo-mersenne', p, bits, limbs, width, radix: 1n }
  }
  const wide = Math.ceil((bits + 4) / 28)
  return { kind: 'montgomery', p, bits, limbs: wide, width: 28, radix: (1n << BigInt(28 * wide)) % p }
}

export function toLimbs(value: bigint, { limbs, width }: Pick<FieldForm, 'limbs' | 'width'>): number[] {
  const mask = (1n << BigInt(width)) - 1n
  return Array.from({ length: limbs }, (_, i) => Number((value >> BigInt(i * width)) & mask))
}
