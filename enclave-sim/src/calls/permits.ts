import {
  ANY_OP,
  equalBytes,
  fromHex,
  keccak256,
  opsHashOf,
  recoverSigner,
  typedDigest,
  utf8,
  type Address,
  type Domain,
  type Hash,
  type QueryBody,
  type ScAddr,
  type SignedPermit
} from '@enigma/protocol'
import { enclaveError } from '../errors.ts'

/** What a query says of itself, before anybody believes it. */
export interface QueryClaim {
  readonly domain: Domain
  readonly scAddr: ScAddr
  readonly issuer: Address // the envelope's sender: in whose name it is asked
  readonly envelopeHash: Hash
  readonly notAfter: number
  readonly signature: Uint8Array
  readonly body: QueryBody
}

/**
 * R8: the asker signed this query; it is the issuer itself, or somebody with the issuer's permit for this contract, function and time.
 *
 * @param nowSeconds the time of the chain, as the view has it
 * @throws ENCLAVE_QUERY_REFUSED
 */
export function requireAllowed(claim: QueryClaim, nowSeconds: number): void {
  const { domain, scAddr, issuer, envelopeHash, notAfter, signature, body } = claim
  if (nowSeconds > notAfter) throw queryRefused('its time is over')
  const asker = signerOf(
    'its signature is wrong',
    typedDigest(domain, 'Query', { scAddr, envelopeHash, notAfter }),
    signature
  )
  const { permit } = body
  if (permit) requirePermit(permit, claim, asker, nowSeconds)
  else if (asker !== issuer) throw queryRefused('the issuer did not sign it, and there is no permit')
}

function requirePermit(
  { permit, ops, signature }: SignedPermit,
  { domain, scAddr, issuer, body }: QueryClaim,
  asker: Address,
  nowSeconds: number
): void {
  if (permit.issuer !== issuer) throw queryRefused('its permit is of another issuer')
  if (permit.grantee !== asker) throw queryRefused('its permit is for somebody else')
  if ((permit.scope as string) !== scAddr) throw queryRefused('its permit is for another contract')
  if (permit.maxUses !== 0) throw queryRefused('its permit counts uses, which nobody can do for queries')
  if (nowSeconds < permit.notBefore) throw queryRefused('its permit does not hold yet')
  if (nowSeconds > permit.expiry) throw queryRefused('its permit has expired')
  if (permit.ops !== opsHashOf(ops)) throw queryRefused('its operations are not those of the permit')
  if (!ops.some(op => covers(op, body.callData))) throw queryRefused('its permit does not cover the function')
  if (signerOf("the issuer's signature is wrong", typedDigest(domain, 'Permit', permit), signature) !== issuer) {
    throw queryRefused('the issuer did not sign the permit')
  }
}

/** An operation is a function's signature; its selector must be that of the call. */
const covers = (op: string, callData: Uint8Array): boolean =>
  op === ANY_OP ||
  (callData.length >= 4 && equalBytes(fromHex(keccak256(utf8(op))).subarray(0, 4), callData.subarray(0, 4)))

function signerOf(why: string, digest: Hash, signature: Uint8Array): Address {
  try {
    return recoverSigner(digest, signature)
  } catch (cause) {
    throw queryRefused(why, cause)
  }
}

export const queryRefused = (why: string, cause?: unknown) =>
  enclaveError('ENCLAVE_QUERY_REFUSED', `The query was refused: ${why}.`, cause)
