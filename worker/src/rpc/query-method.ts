import {
  MAX_ENVELOPE_BYTES,
  envelopeCodec,
  envelopeHashOf,
  recoverSigner,
  toHex,
  typedDigest,
  type Domain,
  type Envelope,
  type QueryContractResult,
  type RpcMethodName
} from '@enigma/protocol'
import type { QueryRelay } from '../sync/query-relay.ts'
import type { KeyOf } from './dispatch.ts'
import { invalidParams } from './errors.ts'
import type { DecodedParams } from './params.ts'

/** queryContract: relayed to a seat holder; what it answers goes to the asker as it came. */
export const queryMethod =
  (relay: QueryRelay) =>
  async (query: DecodedParams['queryContract']): Promise<QueryContractResult> => {
    const { answer, signature, result } = await relay.query(query)
    return { answer, signature: toHex(signature), result: toHex(result) }
  }

/** Who signed a query: its token bucket follows the key, whatever host it asks from. @throws RPC_INVALID_PARAMS */
export const queryKeyOf =
  (domain: Domain): KeyOf =>
  (method: RpcMethodName, params: unknown) => {
    if (method !== 'queryContract') return null
    const { envelope, notAfter, signature } = params as DecodedParams['queryContract']
    const scAddr = decoded(envelope).context.scAddr
    const digest = typedDigest(domain, 'Query', { scAddr, envelopeHash: envelopeHashOf(envelope), notAfter })
    try {
      return recoverSigner(digest, signature)
    } catch (cause) {
      throw invalidParams('signature', 'signature is not one over this query.', cause)
    }
  }

function decoded(envelope: Uint8Array): Envelope {
  try {
    return envelopeCodec.decode(envelope)
  } catch (cause) {
    throw invalidParams('envelope', `envelope is not one of this version (at most ${MAX_ENVELOPE_BYTES} bytes).`, cause)
  }
}
