import { expect } from 'chai'
import fc from 'fast-check'
import {
  bool,
  bytes,
  bytes32,
  fixedBytes,
  list,
  maybe,
  message,
  struct,
  text,
  u16,
  u256,
  u32,
  u64,
  u8,
  uint,
  fromHex
} from '../src/index.ts'

const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31)
const run = { seed, numRuns: 300 }

interface Sample {
  a: number
  b: bigint
  c: Uint8Array
  d: string
  e: readonly number[]
  f: boolean | null
  g: number
}
const sample = message<Sample>('Sample', 3, {
  a: u8,
  b: u256,
  c: bytes(64),
  d: text(64),
  e: list(u16, 5),
  f: maybe(bool),
  g: uint
})

describe(`protocol/codec (seed ${seed})`, () => {
  it('reads back what it wrote, and one value has one encoding', () => {
    const value = fc.record({
      a: fc.integer({ min: 0, max: 255 }),
      b: fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }),
      c: fc.uint8Array({ maxLength: 64 }),
      d: fc.string({ maxLength: 16 }),
      e: fc.array(fc.integer({ min: 0, max: 65535 }), { maxLength: 5 }),
      f: fc.option(fc.boolean(), { nil: null }),
      g: fc.maxSafeNat()
    })
    fc.assert(
      fc.property(value, v => {
        const encoded = sample.encode(v)
        const decoded = sample.decode(encoded)
        expect({ ...decoded, c: [...decoded.c] }).to.deep.equal({ ...v, c: [...v.c] })
        expect(sample.encode(decoded)).to.deep.equal(encoded)
      }),
      run
    )
  })

  it('refuses any random bytes, or decodes them to a value that encodes to the same bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), raw => {
        const input = Uint8Array.of(3, ...raw)
        let decoded: Sample
        try {
          decoded = sample.decode(input)
        } catch (error) {
          expect((error as { code: string }).code).to.equal('PROTOCOL_DECODE')
          return
        }
        expect(sample.encode(decoded)).to.deep.equal(input)
      }),
      run
    )
  })

  it('refuses another version, a cut message and bytes behind it', () => {
    const good = sample.encode({ a: 1, b: 2n, c: new Uint8Array(3), d: 'd', e: [1], f: null, g: 5 })
    expect(() => sample.decode(Uint8Array.of(4, ...good.subarray(1)))).to.throw('version 4')
    for (let length = 0; length < good.length; length++) {
      expect(() => sample.decode(good.subarray(0, length))).to.throw()
    }
    expect(() => sample.decode(Uint8Array.of(...good, 0))).to.throw('follow the message')
  })

  it('refuses a length above the limit before it allocates', () => {
    const huge = fromHex('0xffffffff')
    expect(() => bytes(64).decode(huge)).to.throw('More than 64 bytes')
    expect(() => list(u8, 4).decode(huge)).to.throw('More than 4 items')
    expect(() => text(64).decode(huge)).to.throw('More than 64 bytes')
  })

  it('refuses numbers out of range and text that is not UTF-8', () => {
    expect(() => u8.encode(256)).to.throw()
    expect(() => u32.encode(-1)).to.throw()
    expect(() => u32.encode(1.5)).to.throw()
    expect(() => u64.encode(2n ** 64n)).to.throw()
    expect(() => uint.decode(fromHex('0x0020000000000000'))).to.throw('beyond 2^53')
    expect(() => bool.decode(Uint8Array.of(2))).to.throw()
    expect(() => fixedBytes(4).encode(new Uint8Array(5))).to.throw()
    expect(() => bytes32().encode('0x00' as never)).to.throw()
    expect(() => text(8).decode(fromHex('0x00000001ff'))).to.throw('not UTF-8')
  })

  it('gives decoded bytes that do not share memory with the input', () => {
    const one = struct<{ c: Uint8Array }>('One', { c: bytes(8) })
    const input = one.encode({ c: Uint8Array.of(1, 2) })
    const { c } = one.decode(input)
    input.fill(9)
    expect([...c]).to.deep.equal([1, 2])
  })
})
