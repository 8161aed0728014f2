import type { Address, Hash } from '@enigma/protocol'
import { MpcError } from '../errors.ts'
import { combine, type Combined } from '../sharing/combine.ts'
import { checkCertificate } from './check.ts'
import type { ResultOpening } from './commitment.ts'
import { certificateError } from './review.ts'
import type { Network, SignedCertificate } from './statement.ts'

export interface CertifiedResult extends Combined {
  readonly session: Hash
  /** When the validator signed, in seconds, by its own clock. */
  readonly time: number
}

/**
 * Puts a certified result together: `checkCertificate`, then `combine` of the rows that open their commitments.
 * `wrong` names nodes whose shares were corrected and those that sent other shares than they were bound to.
 * @throws MPC_CERTIFICATE, MPC_DISPUTE; MPC_UNRECOVERABLE as `combine`.
 */
export function combineCertified(
  signed: SignedCertificate,
  expected: { readonly network: Network; readonly validator: Address; readonly request: Hash },
  openings: readonly ResultOpening[]
): CertifiedResult {
  const { rows, swapped, session, time } = checkCertificate(signed, expected, openings)
  try {
    const { values, wrong, verified } = combine(rows, expected.network)
    return { values, verified, session, time, wrong: [...wrong, ...swapped].sort((a, b) => a - b) }
  } catch (error) {
    if (swapped.length === 0 || !(error instanceof MpcError)) throw error
    const [node] = swapped as [number]
    throw certificateError('commitment', `Node ${node} sent other shares than it was bound to.`, node)
  }
}
