import {
  chainViewRequest as requestCodec,
  chainViewRequestDigest,
  randomHash,
  requireSigner,
  typedDigest,
  type ChainView,
  type ChainViewAnswer,
  type ChainViewRequest,
  type MakeChainViewRequest,
  type SignedChainViewRequest,
  type StateKeyGrant
} from '@enigma/protocol'
import { enclaveError } from '../errors.ts'
import { openGrants } from '../keys/grants.ts'
import type { WorkerParts } from './worker-parts.ts'

/** R5: asks the principal what is on chain. The nonce is fresh, so that no older answer fits. */
export function chainViewRequest(
  parts: WorkerParts,
  { minBlock, contracts }: MakeChainViewRequest
): SignedChainViewRequest {
  if (new Set(contracts.map(c => c.scAddr)).size < contracts.length) {
    throw enclaveError('ENCLAVE_BAD_REQUEST', 'A contract stands in the request twice.')
  }
  const { identity, views } = parts
  const asked: ChainViewRequest = { nonce: randomHash(), minBlock, contracts }
  const request = requestCodec.encode(asked)
  views.ask(asked)
  const signature = identity.sign(chainViewRequestDigest(identity.binding.domain, request))
  return { request, signer: identity.signer, signature }
}

/** R5, R9: believes a view that the principal signed for an open request of this enclave, and takes the keys granted with it. */
export async function openChainView(parts: WorkerParts, { view, signature, grants }: ChainViewAnswer): Promise<void> {
  const { identity, views } = parts
  const asked = views.asked(view.nonce)
  const { domain, principalTransport } = identity.binding
  const viewDigest = typedDigest(domain, 'ChainView', view)
  requireView(view, asked)
  let keys: readonly StateKeyGrant[]
  try {
    requireSigner('The chain view', viewDigest, signature, identity.principalSigner)
    const context = {
      domain,
      nonce: view.nonce,
      viewDigest,
      principalSigner: identity.principalSigner,
      askerSigner: identity.signer
    }
    keys = openGrants(context, identity.transport.privateKey, principalTransport, grants)
  } catch (cause) {
    throw viewRefused('the principal did not make it', cause)
  }
  views.take(view)
  parts.stateKeys.take(view, keys)
  const over = parts.retention.after(view)
  if (over > 0) await parts.epochKeys.forget(over)
}

/** @throws ENCLAVE_VIEW_REFUSED, CHAIN_BEHIND unless the view answers the request: nonce, block, contracts and tasks in their order. */
export function requireView(view: ChainView, asked: ChainViewRequest): void {
  if (view.nonce !== asked.nonce) throw viewRefused('it has the nonce of another request')
  if (view.block < asked.minBlock) {
    throw enclaveError('CHAIN_BEHIND', `The view is of block ${view.block}; block ${asked.minBlock} was asked for.`)
  }
  const same =
    view.contracts.length === asked.contracts.length &&
    view.contracts.every((contract, i) => {
      const { scAddr, taskIds } = asked.contracts[i]!
      return (
        contract.scAddr === scAddr &&
        contract.tasks.length === taskIds.length &&
        contract.tasks.every((task, j) => task.taskId === taskIds[j])
      )
    })
  if (!same) throw viewRefused('its contracts and tasks are not those asked for')
}

export const viewRefused = (why: string, cause?: unknown) =>
  enclaveError('ENCLAVE_VIEW_REFUSED', `The chain view was refused: ${why}.`, cause)
