import { expect } from 'chai'
import { AbiCoder, TypedDataEncoder } from 'ethers'
import fc from 'fast-check'
import {
  EIP712_TYPES,
  abiEncode,
  eip712Domain,
  toHex,
  typedDigest,
  type AbiValue,
  type Domain,
  type Hex,
  type MessageName
} from '../src/index.ts'

const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31)
const run = { seed, numRuns: 100 }

const hex = (bytes: number): fc.Arbitrary<string> =>
  fc.uint8Array({ minLength: bytes, maxLength: bytes }).map(value => toHex(value))
/** Small values and the largest ones as well as those between. */
const uint = (bits: number): fc.Arbitrary<bigint | number> =>
  fc
    .oneof(fc.bigInt(0n, (1n << BigInt(bits)) - 1n), fc.constant((1n << BigInt(bits)) - 1n), fc.constant(0n))
    .chain(value =>
      value <= BigInt(Number.MAX_SAFE_INTEGER)
        ? fc.constantFrom<bigint | number>(value, Number(value))
        : fc.constant(value)
    )

function valueOf(type: string): fc.Arbitrary<AbiValue> {
  const bits = /^uint(\d+)$/.exec(type)?.[1]
  if (bits) return uint(Number(bits))
  if (type === 'address') return hex(20)
  if (type === 'bool') return fc.boolean()
  if (type === 'string') return fc.string({ unit: 'grapheme', maxLength: 80 }).filter(text => text.isWellFormed())
  const length = /^bytes(\d+)$/.exec(type)?.[1]
  if (length) return hex(Number(length))
  return fc.oneof(
    fc.uint8Array({ maxLength: 100 }),
    fc.uint8Array({ maxLength: 100 }).map(value => toHex(value) as string)
  )
}

const TYPES = [
  'uint8',
  'uint16',
  'uint32',
  'uint64',
  'uint256',
  'address',
  'bool',
  'string',
  'bytes',
  'bytes4',
  'bytes32'
]
const DOMAIN: Domain = { chainId: 31337n, enigma: `0x${'c5'.repeat(20)}` as Domain['enigma'] }

describe(`protocol/hashing (seed ${seed})`, () => {
  it('encodes words, strings and bytes as ethers does', () => {
    const typed = fc.constantFrom(...TYPES).chain(type => valueOf(type).map(value => ({ type, value })))
    fc.assert(
      fc.property(fc.array(typed, { maxLength: 12 }), list => {
        const types = list.map(({ type }) => type)
        const values = list.map(({ value }) => value)
        expect(toHex(abiEncode(types, values))).to.equal(AbiCoder.defaultAbiCoder().encode(types, values))
      }),
      run
    )
  })

  it('leaves other types to ethers', () => {
    const values = [[1n, 2n], -5n] as unknown as AbiValue[]
    const wanted = AbiCoder.defaultAbiCoder().encode(['uint8[]', 'int64'], values)
    expect(toHex(abiEncode(['uint8[]', 'int64'], values))).to.equal(wanted)
  })

  for (const [type, value] of [
    ['uint8', 256],
    ['uint32', 2 ** 32],
    ['uint64', 1n << 64n],
    ['uint64', -1n],
    ['uint256', -1],
    ['uint64', 1.5],
    ['uint64', 2 ** 60],
    ['address', '0x01'],
    ['bytes32', `0x${'00'.repeat(31)}`],
    ['bytes32', new Uint8Array(33)]
  ] as [string, AbiValue][]) {
    it(`refuses ${String(value)} as ${type}`, () => {
      expect(() => abiEncode([type], [value]))
        .to.throw()
        .with.property('code', 'PROTOCOL_ENCODE')
    })
  }

  /** Any value of a struct; lists of structs of up to three. */
  function structOf(types: Record<string, { name: string; type: string }[]>, name: string): fc.Arbitrary<object> {
    const fields = types[name]!.map(({ name: field, type }) => {
      const inner = type.replace(/\[\]$/, '')
      return [field, types[inner] ? fc.array(structOf(types, inner), { maxLength: 3 }) : valueOf(type)] as const
    })
    return fc.record(Object.fromEntries(fields) as Record<string, fc.Arbitrary<unknown>>)
  }

  for (const name of Object.keys(EIP712_TYPES) as MessageName[]) {
    it(`hashes any ${name} as ethers does`, () => {
      fc.assert(
        fc.property(structOf(EIP712_TYPES[name], name), message => {
          const wanted = TypedDataEncoder.hash(eip712Domain(DOMAIN), EIP712_TYPES[name], message)
          expect(typedDigest(DOMAIN, name, message as never)).to.equal(wanted as Hex)
        }),
        run
      )
    })
  }

  it('tells domains apart', () => {
    const message = { epoch: 1, key: `0x${'11'.repeat(32)}` }
    const other: Domain = { ...DOMAIN, chainId: 1n }
    const digest = typedDigest(DOMAIN, 'EncryptionKey', message as never)
    expect(typedDigest(other, 'EncryptionKey', message as never)).to.not.equal(digest)
    expect(typedDigest(DOMAIN, 'EncryptionKey', message as never)).to.equal(digest)
  })
})
