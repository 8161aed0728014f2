import { expect } from 'chai'
import { DEFAULT_PRIME, FAST_PRIME, Field, type Vec } from '../../src/field/field.ts'
import { isProbablePrime } from '../../src/field/prime.ts'
import { randomBytes } from 'node:crypto'

const PRIMES: Record<string, bigint> = {
  'the default (164 bits)': DEFAULT_PRIME,
  '2^130 - 5': FAST_PRIME,
  '2^61 - 1': 2n ** 61n - 1n,
  '2^64 - 59': 2n ** 64n - 59n,
  '2^127 - 1': 2n ** 127n - 1n,
  'a 62-bit prime': 2n ** 61n + 15n,
  'a 84-bit prime': 2n ** 83n + 2n ** 40n + 83n,
  'a 165-bit prime': 2n ** 164n + 2n ** 80n + 13n,
  'a 168-bit prime': 2n ** 168n - 2n ** 90n - 1n,
  '2^255 - 19': 2n ** 255n - 19n,
  'secp256k1 p': 2n ** 256n - 2n ** 32n - 977n,
  'the largest below 2^256': 2n ** 256n - 189n
}

const nextPrime = (from: bigint): bigint => {
  let p = from | 1n
  while (!isProbablePrime(p)) p += 2n
  return p
}

const previousPrime = (from: bigint): bigint => {
  let p = from | 1n
  while (!isProbablePrime(p)) p -= 2n
  return p
}

function randomBelow(p: bigint, count: number): bigint[] {
  const size = Math.ceil(p.toString(2).length / 8) + 8
  const bytes = randomBytes(size * count)
  return Array.from({ length: count }, (_, i) => BigInt(`0x${bytes.toString('hex', i * size, (i + 1) * size)}`) % p)
}

/** Everything in every field; otherwise the slow references run where a kernel has a form of its own. */
const CAMPAIGN = process.env.MPC_CAMPAIGN === '1'
const THOROUGH = new Set(['the default (164 bits)', '2^130 - 5', 'the largest below 2^256'])
/** In each of three fields. */
const RANDOM_OPERATIONS = 1_000_000

describe('mpc/field', () => {
  for (const [name, start] of Object.entries(PRIMES)) {
    const p = start < 2n ** 256n - 200n ? nextPrime(start) : previousPrime(start)
    const field = Field.of(p)
    const edge = [0n, 1n, 2n, p - 1n, p - 2n, p >> 1n, (p >> 1n) + 1n, field.form.radix, p - field.form.radix]
    for (let bit = 0; bit < field.bits; bit += 13) edge.push(2n ** BigInt(bit) % p, (2n ** BigInt(bit) - 1n) % p)
    const mod = (x: bigint): bigint => ((x % p) + p) % p

    describe(`${name}, ${field.form.kind}`, () => {
      const left = edge.flatMap(a => edge.map(() => a))
      const right = edge.flatMap(() => edge)

      it('agrees with BigInt on every pair of edge values', () => {
        const [x, y] = [field.from(left), field.from(right)]
        expect(field.toBigints(x)).to.deep.equal(left.map(mod))
        expect(field.toBigints(field.add(x, y))).to.deep.equal(left.map((a, i) => mod(a + right[i]!)))
        expect(field.toBigints(field.sub(x, y))).to.deep.equal(left.map((a, i) => mod(a - right[i]!)))
        expect(field.toBigints(field.mul(x, y))).to.deep.equal(left.map((a, i) => mod(a * right[i]!)))
        expect(field.toBigints(field.neg(x))).to.deep.equal(left.map(a => mod(-a)))
        expect(field.toBigints(field.mulAdd2(x, y, y, y))).to.deep.equal(
          left.map((a, i) => mod(a * right[i]! + right[i]! * right[i]!))
        )
        expect(field.valid(field.mul(x, y))).to.equal(true)
      })

      it('reduces sums of any length: 0, 1, and all lengths around a carry', () => {
        const lengths = [0, 1, 2, 3, 15, 16, 17, 24, 25, 26, 41, 42, 43, 85, 4097]
        for (const length of lengths) {
          const top = Array<bigint>(length).fill(p - 1n)
          expect(field.toBigints(field.dot(field.from(top), field.from(top)))).to.deep.equal([mod(BigInt(length))])
          const [a, b] = [randomBelow(p, length), randomBelow(p, length)]
          const sum = a.reduce((total, value, i) => total + value * b[i]!, 0n)
          expect(field.toBigints(field.dot(field.from(a), field.from(b)))).to.deep.equal([mod(sum)])
          expect(field.toBigints(field.sum(field.from(a)))).to.deep.equal([mod(a.reduce((s, v) => s + v, 0n))])
        }
      })

      it('multiplies matrices of odd shapes, and combines vectors', () => {
        for (const [rows, inner, columns] of [
          [1, 1, 1],
          [3, 5, 2],
          [7, 40, 9],
          ...(CAMPAIGN || THOROUGH.has(name)
            ? ([
                [2, 2050, 3],
                [70, 3, 70]
              ] as const)
            : [])
        ] as const) {
          const [a, b] = [randomBelow(p, rows * inner), randomBelow(p, inner * columns)]
          const expected = Array.from({ length: rows * columns }, (_, at) => {
            const [i, j] = [Math.floor(at / columns), at % columns]
            let sum = 0n
            for (let l = 0; l < inner; l++) sum += a[i * inner + l]! * b[l * columns + j]!
            return mod(sum)
          })
          const found = field.matmul(field.from(a), field.from(b), rows, inner, columns)
          expect(field.toBigints(found), `${rows}x${inner}x${columns}`).to.deep.equal(expected)
        }
        for (const terms of [1, 2, 3, 20]) {
          const length = terms === 3 ? 2100 : 50
          const vectors = Array.from({ length: terms }, () => randomBelow(p, length))
          const coefficients = randomBelow(p, terms)
          const found = field.combine(
            coefficients.map(c => field.constant(c)),
            vectors.map(v => field.from(v))
          )
          const expected = vectors[0]!.map((_, i) => mod(vectors.reduce((s, v, j) => s + v[i]! * coefficients[j]!, 0n)))
          expect(field.toBigints(found)).to.deep.equal(expected)
        }
      })

      it('tells well-formed elements from others', () => {
        const raw = (value: bigint): Vec => {
          const width = BigInt(field.form.width)
          return Uint32Array.from({ length: field.limbs }, (_, i) =>
            Number((value >> (width * BigInt(i))) & (2n ** width - 1n))
          )
        }
        expect(field.valid(raw(p - 1n))).to.equal(true)
        expect(field.valid(raw(p))).to.equal(false)
        expect(field.valid(raw(p + 1n))).to.equal(false)
        const wide = raw(1n)
        wide[0] = 2 ** field.form.width
        expect(field.valid(wide)).to.equal(false)
        wide[0] = 2 ** 32 - 1
        expect(field.valid(field.concat([field.zeros(2100), wide, field.zeros(10)]))).to.equal(false)
        expect(field.valid(new Uint32Array(field.limbs + 1))).to.equal(false)
      })

      it('samples every residue below p from a stream, alike for everyone who has it', () => {
        const stream = (): ((bytes: number) => Uint8Array) => {
          let at = 0
          return bytes => Uint8Array.from({ length: bytes }, () => (Math.imul(at++, 2654435761) >>> 13) & 255)
        }
        const one = field.sample(5000, stream())
        expect(field.valid(one)).to.equal(true)
        expect(
          Buffer.from(field.toBytes(one)).equals(Buffer.from(field.toBytes(field.sample(5000, stream()))))
        ).to.equal(true)
        const high = field.toBigints(field.sample(3000, size => randomBytes(size))).filter(v => v > p >> 1n).length
        expect(high).to.be.within(1300, 1700)
        const small = field.toBigints(field.sampleBits(3000, 20, size => randomBytes(size)))
        expect(small.every(value => value < 2n ** 20n)).to.equal(true)
        expect(small.some(value => value > 2n ** 19n)).to.equal(true)
      })

      it('shifts and splits plain words', () => {
        const values = randomBelow(p, 50)
        const raw = field.toRaw(field.from(values))
        for (const bits of [0, 1, 16, 27, 28, 29, 56, field.bits - 1]) {
          const shifted = field.toBigints(field.fromRaw(field.shiftRaw(raw, bits)))
          expect(shifted).to.deep.equal(values.map(value => value >> BigInt(bits)))
          const low = field.toBigints(field.fromRaw(field.lowRaw(raw, bits)))
          expect(low).to.deep.equal(values.map(value => value & (2n ** BigInt(bits) - 1n)))
        }
        expect(values.map((_, i) => field.bitRaw(raw, i, 37))).to.deep.equal(values.map(v => Number((v >> 37n) & 1n)))
      })

      it('converts whole numbers as BigInt does', () => {
        const numbers = [0, 1, -1, 2 ** 53 - 1, 1 - 2 ** 53, 123456789, -987654321]
        expect(field.toSigned(field.fromIntegers(numbers))).to.deep.equal(numbers.map(n => BigInt(n)))
        expect(() => field.fromIntegers([0.5]))
          .to.throw()
          .with.property('code', 'MPC_RANGE')
      })
    })
  }

  it(`agrees with BigInt on ${RANDOM_OPERATIONS} random operations in each of three fields`, function () {
    this.timeout(60_000)
    for (const p of [DEFAULT_PRIME, FAST_PRIME, nextPrime(2n ** 255n + 12345n)]) {
      const field = Field.of(p)
      const mod = (x: bigint): bigint => ((x % p) + p) % p
      // three operations a pair
      for (let left = Math.ceil(RANDOM_OPERATIONS / 3); left > 0; left -= 28_000) {
        const count = Math.min(left, 28_000)
        const [a, b] = [randomBelow(p, count), randomBelow(p, count)]
        const [x, y] = [field.from(a), field.from(b)]
        const [sum, difference, product] = [field.add(x, y), field.sub(x, y), field.mul(x, y)].map(v =>
          field.toBigints(v)
        )
        const wrong = a.findIndex((value, i) => {
          const other = b[i]!
          return (
            sum![i] !== mod(value + other) ||
            difference![i] !== mod(value - other) ||
            product![i] !== mod(value * other)
          )
        })
        expect(wrong).to.equal(-1)
      }
    }
  })

  it('sees which primes are just below a power of two, and reduces those by folding', () => {
    const kinds = Object.entries(PRIMES).map(([name, start]) => {
      const p = start < 2n ** 256n - 200n ? nextPrime(start) : previousPrime(start)
      return [name, Field.of(p).form.kind]
    })
    const folded = kinds.filter(([, kind]) => kind === 'pseudo-mersenne').map(([name]) => name)
    expect(folded).to.deep.equal(['2^130 - 5', '2^61 - 1', '2^64 - 59', '2^127 - 1'])
    // with ten words of 26 bits a column of folded products would exceed 62 bits: these, and all others, are in Montgomery form
    const wide = ['2^255 - 19', 'the largest below 2^256', 'secp256k1 p', 'the default (164 bits)', 'a 62-bit prime']
    for (const name of wide) expect(Object.fromEntries(kinds), name).to.include({ [name]: 'montgomery' })
  })

  it('refuses what is no supported prime', () => {
    for (const p of [7n, 2n ** 61n - 3n, DEFAULT_PRIME + 2n, nextPrime(2n ** 256n), -5n]) {
      expect(() => Field.of(p), String(p))
        .to.throw()
        .with.property('code', 'MPC_PARAMETERS')
    }
  })
})
