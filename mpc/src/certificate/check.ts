import { equalBytes, fromHex, type Address, type Hash } from '@enigma/protocol'
import { Field } from '../field/field.ts'
import type { Row } from '../sharing/shamir.ts'
import { commitmentOf, type ResultOpening } from './commitment.ts'
import { certificateError, reviewStatements, reviewVerdict } from './review.ts'
import { certificateDigest, isSignedBy, type Network, type SignedCertificate } from './statement.ts'

export interface CertifiedRows {
  readonly rows: readonly Row[]
  /** Nodes that sent other shares than those they were bound to: their rows are left out. */
  readonly swapped: readonly number[]
  readonly session: Hash
  readonly time: number
}

/**
 * What the receiver of a result does before it puts the rows together: the certificate is the validator's, about this very
 * request and network; at least 2t + 1 nodes vouch for it; and each row opens the commitment of its node.
 * `request` must be of this one request: that is what keeps a certificate of an earlier one from being shown again.
 * @throws MPC_CERTIFICATE, MPC_DISPUTE.
 */
export function checkCertificate(
  { certificate, signature }: SignedCertificate,
  { network, validator, request }: { network: Network; validator: Address; request: Hash },
  openings: readonly ResultOpening[]
): CertifiedRows {
  const { statements, nonce, verdicts, time } = certificate
  if (!isSignedBy(validator, certificateDigest(certificate), signature)) {
    throw certificateError('validator', "The certificate is not signed by this network's validator.")
  }
  reviewStatements(network, { request }, statements)
  for (const verdict of verdicts) reviewVerdict(network, statements, nonce, verdict)
  const vouching = new Set(verdicts.map(({ verdict }) => verdict.node))
  const missing = statements.find(({ statement }) => !vouching.has(statement.node))
  if (missing) {
    const { node } = missing.statement
    throw certificateError('verdict', `Node ${node} does not say that its final check passed.`, node)
  }
  const field = Field.of(network.prime)
  const bound = new Map(statements.map(({ statement }) => [statement.node, statement]))
  const rows: Row[] = []
  const swapped: number[] = []
  for (const opening of openings) {
    const statement = bound.get(opening.node)
    if (!statement) throw certificateError('opening', `Node ${opening.node} has no part in this result.`, opening.node)
    const matches = equalBytes(fromHex(commitmentOf(statement.session, opening)), fromHex(statement.result))
    if (!matches || opening.shares.length % field.bytes !== 0) swapped.push(opening.node)
    else rows.push({ index: opening.node, shares: field.fromBytes(opening.shares) })
  }
  return { rows, swapped, session: statements[0]!.statement.session, time }
}
