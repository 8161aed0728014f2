import { AbiCoder, Interface } from 'ethers'
import { fromHex, toHex } from '@enigma/protocol'
import type { SecretContractAbi } from '../../src/index.ts'

/** Reads call data as an enclave does. */
export function decodeCall(abi: SecretContractAbi, data: Uint8Array): [string, unknown[]] {
  const call = new Interface(abi as ConstructorParameters<typeof Interface>[0]).parseTransaction({ data: toHex(data) })!
  return [call.name, [...call.args]]
}

export const abiBytes = (types: readonly string[], values: readonly unknown[]): Uint8Array =>
  fromHex(AbiCoder.defaultAbiCoder().encode(types, values))
