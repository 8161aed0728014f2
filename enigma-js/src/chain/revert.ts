import type { Result } from 'ethers'
import type { Hex } from '@enigma/protocol'
import { ClientError } from '../errors.ts'
import { enigmaInterface } from './contracts.ts'

/** A custom error of our contracts, read from what an Ethereum node answered. */
export interface Revert {
  readonly name: string
  readonly args: Result
}

/** Wallets and nodes nest the data of a revert in different places. */
function revertData(error: unknown, depth = 0): Hex | null {
  if (depth > 5 || typeof error !== 'object' || error === null) return null
  const { data, info, error: inner, cause } = error as Record<string, unknown>
  if (typeof data === 'string' && /^0x([0-9a-f]{2}){4,}$/i.test(data)) return data as Hex
  for (const next of [data, info, inner, cause]) {
    const found = revertData(next, depth + 1)
    if (found !== null) return found
  }
  return null
}

/** The contract's error behind a failed call, or null if it is none. */
export function revertOf(error: unknown): Revert | null {
  const data = revertData(error)
  if (data === null) return null
  try {
    const parsed = enigmaInterface.parseError(data)
    return parsed === null ? null : { name: parsed.name, args: parsed.args }
  } catch {
    return null
  }
}

/** An error by which the node says that the contract refused, whatever its words. */
export function isRevert(error: unknown): boolean {
  return (error as { code?: unknown } | null)?.code === 'CALL_EXCEPTION' || revertOf(error) !== null
}

/** EIP-1193: the user closed the wallet's window. */
export function isRejection(error: unknown, depth = 0): boolean {
  if (depth > 5 || typeof error !== 'object' || error === null) return false
  const { code, info, error: inner, cause } = error as Record<string, unknown>
  if (code === 4001 || code === 'ACTION_REJECTED') return true
  return [info, inner, cause].some(next => isRejection(next, depth + 1))
}

export function rejected(what: string, cause: unknown): ClientError {
  return new ClientError({ code: 'USER_REJECTED', what }, `The wallet's user declined ${what}.`, {
    cause
  })
}
