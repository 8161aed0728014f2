import { AbiCoder, ConstructorFragment, FunctionFragment, type ParamType } from 'ethers/abi'
import { concatBytes, fromHex } from '@enigma/protocol'
import { TestingError } from '../errors.ts'
import type { AbiEntry, SecretContractAbi } from './types.ts'

const coder = AbiCoder.defaultAbiCoder()

/** A function of a contract as enclaves know it: Ethereum's encodings both ways. */
export interface FunctionCodec {
  /** The key under which a test finds it: its name, or its signature where several have the name. */
  readonly key: string
  readonly name: string
  readonly parameters: number
  /** @throws ABI_ARGUMENT */
  encode(args: readonly unknown[]): Uint8Array
  /** Nothing, one value, or a list. @throws ABI_RESULT */
  decode(output: Uint8Array): unknown
}

export function functionCodecs(abi: SecretContractAbi): FunctionCodec[] {
  const fragments = abi
    .filter(({ type }) => type === 'function')
    .map(entry => FunctionFragment.from({ stateMutability: 'nonpayable', ...entry }))
  return fragments.map(fragment => {
    const { name, inputs, outputs } = fragment
    const alone = fragments.filter(other => other.name === name).length === 1
    return {
      key: alone ? name : fragment.format('sighash'),
      name,
      parameters: inputs.length,
      encode: args => concatBytes(fromHex(fragment.selector), encodeArguments(name, inputs, args)),
      decode: output => decodeResult(name, outputs, output)
    }
  })
}

/** Call data of a deployment: the arguments alone. @throws ABI_ARGUMENT */
export function encodeConstructor(abi: SecretContractAbi, args: readonly unknown[]): Uint8Array {
  const entry: AbiEntry | undefined = abi.find(({ type }) => type === 'constructor')
  const inputs = entry === undefined ? [] : ConstructorFragment.from(entry).inputs
  return encodeArguments('the constructor', inputs, args)
}

function encodeArguments(name: string, inputs: readonly ParamType[], args: readonly unknown[]): Uint8Array {
  if (args.length !== inputs.length) {
    const wanted = `(${inputs.map(input => `${input.type} ${input.name}`).join(', ')})`
    throw new TestingError(
      { code: 'ABI_ARGUMENT', argument: name, type: wanted },
      `${name} takes ${inputs.length} arguments ${wanted}, not ${args.length}.`
    )
  }
  inputs.forEach((input, index) => {
    try {
      coder.encode([input], [args[index]])
    } catch {
      // without the cause, as in the client: it quotes the value, and an argument is a secret
      throw new TestingError(
        { code: 'ABI_ARGUMENT', argument: input.name || String(index), type: input.type },
        `Argument ${index + 1} of ${name} (${input.name}) is not a ${input.type}.`
      )
    }
  })
  return fromHex(coder.encode(inputs, args))
}

function decodeResult(name: string, outputs: readonly ParamType[], output: Uint8Array): unknown {
  try {
    const values = plain(coder.decode(outputs, output)) as unknown[]
    return outputs.length === 0 ? undefined : outputs.length === 1 ? values[0] : values
  } catch (cause) {
    throw new TestingError(
      { code: 'ABI_RESULT', name },
      `The answer of ${name} does not decode as (${outputs.map(({ type }) => type).join(', ')}).`,
      { hint: 'Are bytecode and ABI of the same compilation?', cause }
    )
  }
}

/** Results of the coder as ordinary arrays. */
function plain(value: unknown): unknown {
  return Array.isArray(value) ? Array.from(value as unknown[], plain) : value
}
