import { expect } from 'chai'
import { AbiCoder, Interface } from 'ethers'
import { fromHex, toHex } from '../../src/index.ts'
import {
  AbiError,
  decodeResult,
  encodeCall,
  encodeConstructor,
  functionsOf,
  type SecretContractAbi
} from '../../src/secret-abi/index.ts'

/** Reads call data as an enclave does. */
function decodeCall(abi: SecretContractAbi, data: Uint8Array): [string, unknown[]] {
  const call = new Interface(abi as ConstructorParameters<typeof Interface>[0]).parseTransaction({ data: toHex(data) })!
  return [call.name, [...call.args]]
}

const abiBytes = (types: readonly string[], values: readonly unknown[]): Uint8Array =>
  fromHex(AbiCoder.defaultAbiCoder().encode(types, values))

const uint = (name: string) => ({ name, type: 'uint256' })
const abi = [
  { type: 'constructor', inputs: [{ name: 'owner', type: 'address' }] },
  { type: 'function', name: 'add', inputs: [uint('a'), uint('b')], outputs: [uint('')] },
  { type: 'function', name: 'put', inputs: [{ name: 'data', type: 'bytes' }], outputs: [] },
  { type: 'function', name: 'put', inputs: [{ name: 'text', type: 'string' }], outputs: [] },
  {
    type: 'function',
    name: 'both',
    inputs: [],
    outputs: [
      { name: 'who', type: 'address' },
      { name: 'list', type: 'uint64[]' }
    ]
  }
]

describe('protocol/secret-abi/codec', () => {
  it('encodes a selector and the arguments, as an enclave reads them', () => {
    const { data, fragment } = encodeCall(abi, 'add', [76n, 17])

    expect(decodeCall(abi, data)).to.deep.equal(['add', [76n, 17n]])
    expect(fragment).to.equal('function add(uint256 a, uint256 b) returns (uint256)')
  })

  it('encodes the arguments of a constructor alone, and nothing where there is none', () => {
    const owner = `0x${'ab'.repeat(20)}`

    expect(encodeConstructor(abi, [owner]).data).to.deep.equal(abiBytes(['address'], [owner]))
    expect(encodeConstructor([], []).data).to.have.length(0)
  })

  it('takes a function of several with one name by its signature', () => {
    expect(decodeCall(abi.slice(3, 4), encodeCall(abi, 'put(string)', ['x']).data)).to.deep.equal(['put', ['x']])
  })

  it('lists functions under the key that a call finds them by', () => {
    const found = functionsOf(abi).map(({ key, parameters }) => [key, parameters])
    expect(found).to.deep.equal([
      ['add', 2],
      ['put(bytes)', 1],
      ['put(string)', 1],
      ['both', 0]
    ])
  })

  const wrong: [string, () => unknown, string, RegExp][] = [
    ['an unknown function', () => encodeCall(abi, 'mul', []), 'ABI_FUNCTION', /no function mul/],
    ['an ambiguous one', () => encodeCall(abi, 'put', ['0x']), 'ABI_FUNCTION', /several functions/],
    ['too few arguments', () => encodeCall(abi, 'add', [1n]), 'ABI_ARGUMENT', /takes 2 arguments/],
    ['too many arguments of a constructor', () => encodeConstructor([], [1]), 'ABI_ARGUMENT', /takes 0/],
    ['a negative number', () => encodeCall(abi, 'add', [-1234567n, 1n]), 'ABI_ARGUMENT', /Argument 1 of add \(a\)/],
    ['a number that is too large', () => encodeCall(abi, 'add', [1n, 2n ** 256n]), 'ABI_ARGUMENT', /Argument 2/],
    ['an address that is none', () => encodeConstructor(abi, ['not-an-address']), 'ABI_ARGUMENT', /\(owner\)/],
    [
      'an answer that is too short',
      () => decodeResult('function f() returns (uint256)', new Uint8Array(3)),
      'ABI_RESULT',
      /f/
    ]
  ]
  for (const [what, work, code, sentence] of wrong) {
    it(`refuses ${what}`, () => {
      expect(work).to.throw(AbiError, sentence).with.property('code', code)
    })
  }

  it('does not repeat a secret argument in its error', () => {
    for (const secret of [-123456789n, 'my secret number', { a: 'my secret number' }]) {
      try {
        encodeCall(abi, 'add', [secret, 1n])
        expect.fail('it was taken')
      } catch (error) {
        expect((error as AbiError).code).to.equal('ABI_ARGUMENT')
        expect(`${(error as Error).message} ${String((error as Error).cause)}`).to.not.match(/123456789|secret/)
      }
    }
  })

  it('gives nothing, one value, or a list', () => {
    const who = `0x${'00'.repeat(19)}01`
    const { fragment } = encodeCall(abi, 'both', [])

    expect(decodeResult('function f()', new Uint8Array())).to.equal(undefined)
    expect(decodeResult('function f() returns (uint256)', abiBytes(['uint256'], [59n]))).to.equal(59n)
    expect(decodeResult(fragment!, abiBytes(['address', 'uint64[]'], [who, [1n, 2n]]))).to.deep.equal([who, [1n, 2n]])
  })
})
