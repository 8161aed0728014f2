import {
  abiEncode,
  concatBytes,
  hkdf,
  mpcOfferDigest,
  recoverSigner,
  reportDataOf,
  sharedSecret,
  verifySimEvidence,
  type Hash,
  type MpcOffer,
  type MpcOpenRequest,
  type X25519Pair
} from '@enigma/protocol'
import { enclaveError } from '../errors.ts'
import type { Identity } from '../keys/identity.ts'

/** What a node must be to share a session: the same code, on the same network, under the same principal. */
export interface Peerage {
  readonly identity: Identity
  readonly measurement: Hash
  readonly nowSeconds: number
}

const refuse = (why: string, cause?: unknown): never => {
  throw enclaveError('ENCLAVE_MPC_REFUSED', `The session cannot be opened: ${why}.`, cause)
}

/** @throws ENCLAVE_MPC_REFUSED unless all offers are of this session, each of another enclave that may take part. */
export function checkOffers({ identity, measurement, nowSeconds }: Peerage, { session, offers }: MpcOpenRequest): void {
  const { domain } = identity.binding
  const signers = new Set<string>()
  for (const [node, { session: named, key, attested, signature }] of offers.entries()) {
    const { report, evidence } = attested
    if (named !== session) refuse(`offer ${node} is for another session`)
    if (report.chainId !== domain.chainId || report.enigma !== domain.enigma)
      refuse(`node ${node} is of another network`)
    if (report.principalSigner !== identity.principalSigner) refuse(`node ${node} has another principal`)
    if (signers.has(report.signer)) refuse(`node ${node} is named twice`)
    signers.add(report.signer)
    try {
      verifySimEvidence(evidence, reportDataOf(report), { mode: 'simulation', measurements: [measurement], nowSeconds })
      if (recoverSigner(mpcOfferDigest(session, key), signature) !== report.signer) throw new Error('signature')
    } catch (cause) {
      refuse(`node ${node} is not an enclave with this code, or did not sign its offer`, cause)
    }
  }
}

/**
 * The secret of this enclave and a peer for one session: from the keys made for it, so that no later theft opens what was sent, and
 * the transport keys that the evidence binds, so that nobody but the attested enclave can have it.
 */
export function pairSecret(identity: Identity, own: X25519Pair, peer: MpcOffer, agreement: Hash): Uint8Array {
  const { report } = peer.attested
  const secrets = concatBytes(
    sharedSecret(own.privateKey, peer.key),
    sharedSecret(identity.transport.privateKey, report.transportKey)
  )
  const [first, second] = [identity.signer, report.signer].sort()
  return hkdf(
    secrets,
    abiEncode(['string', 'bytes32', 'address', 'address'], ['enigma/mpc-link', agreement, first!, second!])
  )
}
