import { AbiCoder, ConstructorFragment, FunctionFragment, Interface, type ParamType, type Result } from 'ethers'
import { concatBytes, fromHex } from '../bytes.ts'
import { AbiError } from './errors.ts'
import type { AbiEntry, SecretContractAbi } from './types.ts'

/** Call data as enclaves expect it: Ethereum's, a selector and the arguments; a deployment has the arguments alone. */
export interface EncodedCall {
  readonly data: Uint8Array
  /** The function in Ethereum's human-readable form, to decode its answer later; null for a deployment. */
  readonly fragment: string | null
}

/** @throws ABI_FUNCTION, ABI_ARGUMENT */
export function encodeCall(abi: SecretContractAbi, name: string, args: readonly unknown[]): EncodedCall {
  const fragment = functionOf(abi, name)
  const data = concatBytes(fromHex(fragment.selector), encodeArguments(name, fragment.inputs, args))
  return { data, fragment: fragment.format('full') }
}

/** @throws ABI_ARGUMENT */
export function encodeConstructor(abi: SecretContractAbi, args: readonly unknown[]): EncodedCall {
  const entry = abi.find(({ type }) => type === 'constructor')
  const inputs = entry === undefined ? [] : ConstructorFragment.from(entry as ConstructorFragment).inputs
  return { data: encodeArguments('the constructor', inputs, args), fragment: null }
}

/** A function of a contract. */
export interface FunctionEntry {
  /** What `encodeCall` finds it by: its name, or its signature where several have the name. */
  readonly key: string
  readonly name: string
  readonly parameters: number
  /** In Ethereum's human-readable form, as `decodeResult` takes it. */
  readonly fragment: string
}

export function functionsOf(abi: SecretContractAbi): FunctionEntry[] {
  const fragments = abi.filter(({ type }) => type === 'function').map(readFunction)
  return fragments.map(fragment => {
    const { name, inputs } = fragment
    const alone = fragments.filter(other => other.name === name).length === 1
    const key = alone ? name : fragment.format('sighash')
    return { key, name, parameters: inputs.length, fragment: fragment.format('full') }
  })
}

const readFunction = (entry: AbiEntry): FunctionFragment =>
  FunctionFragment.from({ stateMutability: 'nonpayable', ...entry })

function functionOf(abi: SecretContractAbi, name: string): FunctionFragment {
  const functions = abi.filter(entry => entry.type === 'function')
  const found = functions.filter(entry => entry.name === name)
  if (found.length === 1) return readFunction(found[0]!)
  // several of one name: `add(uint256,uint256)` says which
  const bySignature = new Interface(functions as FunctionFragment[])
  const exact = name.includes('(') ? bySignature.getFunction(name) : null
  if (exact !== null) return exact
  throw new AbiError(
    { code: 'ABI_FUNCTION', name },
    found.length > 1 ? `The contract has several functions named ${name}.` : `The contract has no function ${name}.`,
    {
      hint:
        found.length > 1
          ? 'Write the argument types too, as in add(uint256,uint256).'
          : `It has: ${functions.map(entry => entry.name).join(', ') || 'none'}.`
    }
  )
}

function encodeArguments(name: string, inputs: readonly ParamType[], args: readonly unknown[]): Uint8Array {
  if (args.length !== inputs.length) {
    const wanted = inputs.map(input => `${input.type} ${input.name}`).join(', ')
    throw new AbiError(
      { code: 'ABI_ARGUMENT', argument: name, type: `(${wanted})` },
      `${capital(name)} takes ${inputs.length} arguments (${wanted}), not ${args.length}.`
    )
  }
  const coder = AbiCoder.defaultAbiCoder()
  inputs.forEach((input, index) => {
    try {
      coder.encode([input], [args[index]])
    } catch {
      // without the cause: ethers quotes the value in its message, and an argument is a secret
      const label = input.name ? ` (${input.name})` : ''
      const why = ['bigint', 'number'].includes(typeof args[index]) ? 'it is out of range' : 'it has another form'
      throw new AbiError(
        { code: 'ABI_ARGUMENT', argument: input.name || String(index), type: input.type },
        `Argument ${index + 1} of ${name}${label} is not a ${input.type}: ${why}.`
      )
    }
  })
  return fromHex(coder.encode(inputs, args))
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

/**
 * The result of a function from the plaintext that its enclave returned: nothing, one value, or a list.
 *
 * @throws ABI_RESULT
 */
export function decodeResult(fragment: string, output: Uint8Array): unknown {
  const { name, outputs } = FunctionFragment.from(fragment)
  try {
    const values = plain(AbiCoder.defaultAbiCoder().decode(outputs, output)) as unknown[]
    return outputs.length === 0 ? undefined : outputs.length === 1 ? values[0] : values
  } catch (cause) {
    throw new AbiError(
      { code: 'ABI_RESULT', name },
      `The answer of ${name} does not decode as (${outputs.map(({ type }) => type).join(', ')}).`,
      { hint: "Is this the deployed contract's ABI?", cause }
    )
  }
}

/** ethers' Results as ordinary arrays. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return [...(value as Result)].map(plain)
  return value
}
