import { expect } from 'chai'
import type {
  ConstructorArgs,
  FunctionArgs,
  FunctionName,
  FunctionResult,
  SecretContractAbi
} from '../../src/secret-abi/index.ts'

const _abi = [
  { type: 'constructor', inputs: [{ name: 'owner', type: 'address' }] },
  {
    type: 'function',
    name: 'add',
    inputs: [
      { name: 'a', type: 'uint256' },
      { name: 'list', type: 'uint64[]' }
    ],
    outputs: [{ name: '', type: 'uint256' }]
  },
  { type: 'function', name: 'clear', inputs: [], outputs: [] },
  {
    type: 'function',
    name: 'richest',
    inputs: [{ name: 'raw', type: 'bytes' }],
    outputs: [
      { name: 'who', type: 'address' },
      { name: 'flags', type: 'bool[]' }
    ]
  }
] as const

/** Compiles only if both types are the same; at run time there is nothing to do. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const same = <A, B>(equal: Same<A, B>): boolean => equal
type Hex = `0x${string}`
type Abi = typeof _abi

describe('protocol/secret-abi/types', () => {
  it('knows arguments and results of an ABI that is given as const', () => {
    const facts = [
      same<FunctionName<Abi>, 'add' | 'clear' | 'richest'>(true),
      same<FunctionArgs<Abi, 'add'>, readonly [bigint | number, readonly (bigint | number)[]]>(true),
      same<FunctionArgs<Abi, 'richest'>, readonly [string | Uint8Array]>(true),
      same<FunctionResult<Abi, 'add'>, bigint>(true),
      same<FunctionResult<Abi, 'clear'>, undefined>(true),
      same<FunctionResult<Abi, 'richest'>, [Hex, boolean[]]>(true),
      same<ConstructorArgs<Abi>, readonly [string]>(true)
    ]
    expect(facts).to.not.include(false)
  })

  it('takes anything for an ABI that is read at run time', () => {
    const facts = [
      same<FunctionName<SecretContractAbi>, string>(true),
      same<FunctionArgs<SecretContractAbi, string>, readonly unknown[]>(true),
      same<FunctionResult<SecretContractAbi, string>, unknown>(true),
      same<ConstructorArgs<SecretContractAbi>, readonly unknown[]>(true)
    ]
    expect(facts).to.not.include(false)
  })
})
