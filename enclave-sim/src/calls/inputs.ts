import {
  EnvelopeVerdict,
  TaskKind,
  envelopeCodec,
  openWrap,
  typedDigest,
  type CheckEnvelopeRequest,
  type CheckEnvelopeResponse,
  type EncryptionKeyRequest,
  type EncryptionKeyResponse,
  type Envelope
} from '@enigma/protocol'
import type { WorkerParts } from './worker-parts.ts'

/** R3: the key to which clients encrypt the inputs of an epoch. */
export async function encryptionKey(
  { epochKeys, identity }: WorkerParts,
  { epoch }: EncryptionKeyRequest
): Promise<EncryptionKeyResponse> {
  const key = (await epochKeys.make(epoch)).publicKey
  return { key, signature: identity.sign(typedDigest(identity.binding.domain, 'EncryptionKey', { epoch, key })) }
}

/** Whether this seat will be able to open an input, before anybody pays for it (R4). Nothing of the body is opened. */
export function checkEnvelope(parts: WorkerParts, request: CheckEnvelopeRequest): CheckEnvelopeResponse {
  const envelope = decodedEnvelope(request.envelope)
  const { domain } = parts.identity.binding
  const isOurs =
    envelope !== null &&
    envelope.context.chainId === domain.chainId &&
    envelope.context.enigma === domain.enigma &&
    (envelope.context.kind === TaskKind.deploy || envelope.context.kind === TaskKind.compute)
  if (!isOurs) return { verdict: EnvelopeVerdict.malformed }
  const contentKey = contentKeyOf(parts, envelope)
  contentKey?.fill(0)
  return { verdict: contentKey ? EnvelopeVerdict.forSeat : EnvelopeVerdict.notForSeat }
}

export function decodedEnvelope(bytes: Uint8Array): Envelope | null {
  try {
    return envelopeCodec.decode(bytes)
  } catch {
    return null
  }
}

/** The content key, if the envelope has a wrap that this enclave's key of the envelope's epoch opens. */
export function contentKeyOf({ epochKeys, identity }: WorkerParts, envelope: Envelope): Uint8Array | null {
  const pair = epochKeys.get(envelope.context.epoch)
  return pair ? openWrap(envelope, identity.signer, pair.privateKey) : null
}
