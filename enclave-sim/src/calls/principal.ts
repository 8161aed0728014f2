import {
  MAX_GENERATIONS,
  chainViewRequest as requestCodec,
  chainViewRequestDigest,
  requireSeat,
  requireSigner,
  stateKeyOf,
  typedDigest,
  type AnswerChainViewRequest,
  type Attested,
  type ChainView,
  type ChainViewAnswer,
  type ChainViewRequest,
  type EpochSeedRequest,
  type EpochSeedResponse,
  type Report,
  type RotateGenerationResponse,
  type SeatClaim,
  type SignedChainViewRequest,
  type StateKeyGrant
} from '@enigma/protocol'
import { requireSameCode } from '../attest/same-code.ts'
import { enclaveError } from '../errors.ts'
import { sealGrants } from '../keys/grants.ts'
import type { PrincipalParts } from './principal-parts.ts'
import { principalOf, type Enclave } from './session.ts'
import { requireView, viewRefused } from './views.ts'

/** R1: the principal's word that opens an epoch. */
export async function epochSeed(
  { identity, seeds }: PrincipalParts,
  { d }: EpochSeedRequest
): Promise<EpochSeedResponse> {
  const { generation } = seeds
  const update = { d, ...(await seeds.release(d)), generation }
  const { seed, nextCommit } = update
  return {
    seed,
    nextCommit,
    generation,
    signature: identity.sign(typedDigest(identity.binding.domain, 'EpochUpdate', update))
  }
}

/** R9: from the next epoch on, tasks write under other state keys: who held a seat before does not have them. */
export async function rotateGeneration({ seeds }: PrincipalParts): Promise<RotateGenerationResponse> {
  return { generation: await seeds.rotate() }
}

/** R5, R9: signs a view for an attested enclave of this network, and gives it the state keys of the seats it proves. */
export function answerChainView(enclave: Enclave, request: AnswerChainViewRequest): ChainViewAnswer {
  const parts = principalOf(enclave)
  const { identity } = parts
  const { domain } = identity.binding
  const { asker, view, claims } = request
  requireAsker(enclave, parts, asker)
  requireView(view, askedBy(parts, asker.report, request.asked))
  if (view.generation >= MAX_GENERATIONS) throw viewRefused(`there is no generation ${view.generation}`)
  const grants = claims.flatMap(claim => grantsOf(parts, claim, asker.report, view))
  const viewDigest = typedDigest(domain, 'ChainView', view)
  const context = {
    domain,
    nonce: view.nonce,
    viewDigest,
    principalSigner: identity.signer,
    askerSigner: asker.report.signer
  }
  const once = [...new Map(grants.map(grant => [`${grant.scAddr}/${grant.generation}`, grant])).values()]
  const sealed = sealGrants(context, identity.transport.privateKey, asker.report.transportKey, once)
  for (const { key } of grants) key.fill(0)
  return { view, signature: identity.sign(viewDigest), grants: sealed }
}

/** @throws ENCLAVE_ASKER_REFUSED unless this is an enclave of the same code, bound to this chain, contract and principal. */
function requireAsker({ platform, nowSeconds }: Enclave, { identity }: PrincipalParts, asker: Attested): void {
  const { report } = asker
  const { chainId, enigma } = identity.binding.domain
  if (report.chainId !== chainId || report.enigma !== enigma || report.principalSigner !== identity.signer) {
    throw askerRefused('its report names another network or principal')
  }
  try {
    requireSameCode(asker, platform.measurement, nowSeconds())
  } catch (cause) {
    throw askerRefused(cause instanceof Error ? cause.message : 'its evidence is wrong', cause)
  }
}

function askedBy({ identity }: PrincipalParts, { signer }: Report, asked: SignedChainViewRequest): ChainViewRequest {
  if (asked.signer !== signer) throw askerRefused('another enclave signed the request')
  try {
    const digest = chainViewRequestDigest(identity.binding.domain, asked.request)
    requireSigner('The request', digest, asked.signature, signer)
    return requestCodec.decode(asked.request)
  } catch (cause) {
    throw askerRefused('its request is not signed by it, or malformed', cause)
  }
}

/**
 * The state keys of one seat, of all generations up to the view's: old deltas are read with their own. A generation that is
 * prepared, but not on chain yet, stays here.
 *
 * @throws ENCLAVE_SEAT_REFUSED for a claim that is not true; one whose time is over just gives no key
 */
function grantsOf(
  { identity, root }: PrincipalParts,
  claim: SeatClaim,
  report: Report,
  view: ChainView
): StateKeyGrant[] {
  const { scAddr, epoch, k, proof, graceOver } = claim
  if (!view.contracts.some(contract => contract.scAddr === scAddr)) throw seatRefused('the contract was not asked for')
  if (epoch.epoch > view.epoch || (epoch.epoch === view.epoch && epoch.startBlock !== view.epochStart)) {
    throw seatRefused('the epoch is not one of the view')
  }
  if (proof.leaf.signer !== report.signer || proof.leaf.operator !== report.operator) {
    throw seatRefused('the seat belongs to another worker')
  }
  try {
    requireSeat(epoch, scAddr, k, proof)
  } catch (cause) {
    throw seatRefused('its proof is wrong', cause)
  }
  if (view.block > graceOver) return []
  const { chainId, enigma } = identity.binding.domain
  return Array.from({ length: view.generation + 1 }, (_, generation) => ({
    scAddr,
    generation,
    key: stateKeyOf(root, chainId, enigma, scAddr, generation)
  }))
}

const askerRefused = (why: string, cause?: unknown) =>
  enclaveError('ENCLAVE_ASKER_REFUSED', `The asking enclave was refused: ${why}.`, cause)
const seatRefused = (why: string, cause?: unknown) =>
  enclaveError('ENCLAVE_SEAT_REFUSED', `The claim to a seat was refused: ${why}.`, cause)
