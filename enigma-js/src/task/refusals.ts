import { MAX_GAS } from '@enigma/protocol'
import type { Revert } from '../chain/revert.ts'
import { ClientError } from '../errors.ts'

/** @throws GAS_OUT_OF_RANGE */
export function requireGas(gasLimit: bigint, gasPx: bigint): void {
  const refuse = (what: string): ClientError => new ClientError({ code: 'GAS_OUT_OF_RANGE', what }, what)
  if (gasLimit < 1n || gasLimit > MAX_GAS) throw refuse(`The gas limit must be 1 to ${MAX_GAS}.`)
  if (gasPx < 1n || gasPx >= 2n ** 64n) throw refuse('The gas price must be at least one grain, and fit 64 bits.')
}

/** Refusals that another attempt with fresh facts may mend. */
export const isMoving = ({ name }: Revert): boolean =>
  ['EnigmaWrongEpoch', 'EnigmaWrongNonce', 'EnigmaAllowanceTooLow'].includes(name)

export const unknownContract = (scAddr: string): ClientError =>
  new ClientError({ code: 'SC_UNKNOWN', scAddr }, `There is no secret contract at ${scAddr}.`)

/** What the contract said to a record, as an error of ours. */
export function refusedError({ name, args }: Revert, epoch: number): ClientError {
  switch (name) {
    case 'EnigmaWrongEpoch': {
      const current = Number(args[0])
      return new ClientError(
        { code: 'EPOCH_STALE', epoch, current },
        `The workers of epoch ${epoch} were replaced while the task was on its way; epoch ${current} has begun.`
      )
    }
    case 'EnigmaNoSuchContract':
      return unknownContract(String(args[0]))
    case 'ERC20InsufficientBalance':
      return new ClientError(
        { code: 'INSUFFICIENT_ENG', needed: args[2] as bigint, balance: args[1] as bigint },
        'The account has less ENG than the fee.'
      )
    default:
      return new ClientError(
        { code: 'TX_REVERTED', what: 'the record', reason: name },
        `The Enigma contract refuses the record: ${name}.`,
        { hint: 'Nothing was paid.' }
      )
  }
}
