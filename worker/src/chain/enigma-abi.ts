import { Interface, type Result } from 'ethers'
import { enigmaAbi, type Address } from '@enigma/protocol'
import { ChainRpcError, type ChainRpc } from './rpc.ts'

export const enigmaInterface = new Interface(enigmaAbi as unknown as ConstructorParameters<typeof Interface>[0])

/** One read of the contract. `block` is a number in hex, or a tag. @throws ChainRpcError if it reverts. */
export async function callEnigma(
  rpc: ChainRpc,
  enigma: Address,
  name: string,
  args: readonly unknown[] = [],
  block = 'latest'
): Promise<Result> {
  const data = enigmaInterface.encodeFunctionData(name, [...args])
  const answer = await rpc.send('eth_call', [{ to: enigma, data }, block])
  return enigmaInterface.decodeFunctionResult(name, String(answer))
}

/** Looks for revert data in the shapes that nodes give it: a string, or nested objects with `data`. */
function revertData(data: unknown, depth = 0): string | null {
  if (typeof data === 'string') return /^0x([0-9a-fA-F]{2}){4,}$/.test(data) ? data : null
  if (data === null || typeof data !== 'object' || depth > 3) return null
  const inner = data as Record<string, unknown>
  return revertData(inner['data'], depth + 1) ?? revertData(inner['result'], depth + 1)
}

/** The name of the contract's error in a failed call or estimate, e.g. `EnigmaStaleHead`; null for anything else. */
export function revertNameOf(error: unknown): string | null {
  if (!(error instanceof ChainRpcError)) return null
  const data = revertData(error.data)
  if (data !== null) {
    const parsed = enigmaInterface.parseError(data)
    if (parsed) return parsed.name
  }
  const named = /\b(Enigma[A-Z]\w+)\b/.exec(error.message)
  if (named) return named[1]!
  return /revert/i.test(error.message) ? 'revert' : null
}
