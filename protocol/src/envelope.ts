import { toHex, fromHex, equalBytes } from './bytes.ts'
import { addressCodec, bytes, bytes32, fixedBytes, list, message, struct, u256, u8, uint, type Codec } from './codec.ts'
import { openOnce, openWithNonce, randomBytes, sealOnce, sealWithNonce } from './aead.ts'
import { abiEncode, hkdf, keccak256 } from './hashing.ts'
import { cekCommitOf } from './digests.ts'
import { sharedSecret, x25519Pair } from './keys.ts'
import { pad, unpad } from './padding.ts'
import { MAX_BODY_BYTES, MAX_ENVELOPE_BYTES, SEATS } from './params.ts'
import { ProtocolError } from './errors.ts'
import type { Address, Hash, Key32, ScAddr } from './ids.ts'

export const ENVELOPE_VERSION = 2

/** The context x of R3: everything an envelope is bound to, in clear. */
export interface EnvelopeContext {
  readonly version: number
  readonly chainId: bigint
  readonly enigma: Address
  readonly kind: number // TaskKind
  readonly scAddr: ScAddr
  readonly codeHash: Hash // of a deployment; 0 otherwise
  readonly sender: Address
  readonly epoch: number
  readonly ephemeralKey: Key32
  readonly cekCommit: Hash
}

/** The content key, encrypted to one seat holder. */
export interface Wrap {
  readonly signer: Address
  readonly wrapped: Uint8Array // 48 bytes
}

export interface Envelope {
  readonly context: EnvelopeContext
  readonly wraps: readonly Wrap[]
  readonly nonce: Uint8Array // 24 bytes
  readonly body: Uint8Array
}

const context: Codec<EnvelopeContext> = struct<EnvelopeContext>('EnvelopeContext', {
  version: u8,
  chainId: u256,
  enigma: addressCodec,
  kind: u8,
  scAddr: bytes32<ScAddr>(),
  codeHash: bytes32(),
  sender: addressCodec,
  epoch: uint,
  ephemeralKey: bytes32<Key32>(),
  cekCommit: bytes32()
})

/** docs/spec/encodings.md */
export const envelopeCodec: Codec<Envelope> = message<Envelope>(
  'Envelope',
  ENVELOPE_VERSION,
  {
    context,
    wraps: list(struct<Wrap>('Wrap', { signer: addressCodec, wrapped: fixedBytes(48) }), SEATS),
    nonce: fixedBytes(24),
    body: bytes(MAX_ENVELOPE_BYTES)
  },
  MAX_ENVELOPE_BYTES
)

/** R2, R3: what a record commits to. */
export const inputHashOf = (envelope: Uint8Array): Hash => keccak256(envelope)

export function contextBytes(x: EnvelopeContext): Uint8Array {
  return abiEncode(
    ['uint8', 'uint256', 'address', 'uint8', 'bytes32', 'bytes32', 'address', 'uint64', 'bytes32', 'bytes32'],
    [x.version, x.chainId, x.enigma, x.kind, x.scAddr, x.codeHash, x.sender, x.epoch, x.ephemeralKey, x.cekCommit]
  )
}

const wrapKey = (secret: Uint8Array, x: Uint8Array, signer: Address): Uint8Array =>
  hkdf(secret, abiEncode(['string', 'bytes', 'address'], ['wrap', x, signer]))
const bodyKey = (cek: Uint8Array): Uint8Array => hkdf(cek, abiEncode(['string'], ['in']))

/** A seat holder and its encryption key for the epoch. */
export interface Recipient {
  readonly signer: Address
  readonly key: Key32
}

export type EnvelopeTarget = Omit<EnvelopeContext, 'version' | 'ephemeralKey' | 'cekCommit'>

/** Fixes what is random, for vectors only. */
export interface EnvelopeRandomness {
  readonly cek: Uint8Array
  readonly ephemeral: Uint8Array
  readonly nonce: Uint8Array
}

const fresh = (): EnvelopeRandomness => ({
  cek: randomBytes(32),
  ephemeral: randomBytes(32),
  nonce: randomBytes(24)
})

/**
 * Encrypts a body (a TaskInput, or a QueryBody) to distinct seat holders.
 *
 * @returns the envelope's bytes, its inputHash, and the content key, which the requester keeps to read the answer.
 * @throws PROTOCOL_TOO_LARGE above MAX_BODY_BYTES.
 */
export function sealEnvelope(
  target: EnvelopeTarget,
  recipients: readonly Recipient[],
  plaintext: Uint8Array,
  { cek, ephemeral, nonce }: EnvelopeRandomness = fresh()
): { envelope: Uint8Array; inputHash: Hash; cek: Uint8Array } {
  if (plaintext.length > MAX_BODY_BYTES) {
    throw new ProtocolError(
      { code: 'PROTOCOL_TOO_LARGE', what: 'envelope body', limitBytes: MAX_BODY_BYTES },
      `The body has ${plaintext.length} bytes; at most ${MAX_BODY_BYTES} fit an envelope.`
    )
  }
  const pair = x25519Pair(ephemeral)
  const full: EnvelopeContext = {
    ...target,
    version: ENVELOPE_VERSION,
    ephemeralKey: pair.publicKey,
    cekCommit: cekCommitOf(cek)
  }
  const x = contextBytes(full)
  const distinct = [...new Map(recipients.map(r => [r.signer, r])).values()]
  const wraps = distinct.map(({ signer, key }) => ({
    signer,
    wrapped: sealOnce(wrapKey(sharedSecret(pair.privateKey, key), x, signer), cek)
  }))
  const body = sealWithNonce(bodyKey(cek), nonce, pad(plaintext), x)
  const envelope = envelopeCodec.encode({ context: full, wraps, nonce, body })
  return { envelope, inputHash: inputHashOf(envelope), cek }
}

/** The content key, or null if there is no wrap for this signer that opens to the commitment: INPUT_NOT_FOR_SEAT (R3). */
export function openWrap(envelope: Envelope, signer: Address, privateKey: Uint8Array): Uint8Array | null {
  const wrap = envelope.wraps.find(w => w.signer === signer)
  if (!wrap) return null
  try {
    const secret = sharedSecret(privateKey, envelope.context.ephemeralKey)
    const cek = openOnce('wrap', wrapKey(secret, contextBytes(envelope.context), signer), wrap.wrapped)
    const commit = fromHex(cekCommitOf(cek))
    return equalBytes(commit, fromHex(envelope.context.cekCommit)) ? cek : null
  } catch {
    return null
  }
}

/** What was encrypted. @throws PROTOCOL_DECRYPT or PROTOCOL_DECODE: faults that every seat sees alike (BadInput). */
export function openBody(envelope: Envelope, cek: Uint8Array): Uint8Array {
  const x = contextBytes(envelope.context)
  return unpad(openWithNonce('envelope body', bodyKey(cek), envelope.nonce, envelope.body, x))
}

/** The record's facts that x must repeat; compared in clear, before any decryption (R3). */
export type RecordFacts = Omit<EnvelopeContext, 'version' | 'ephemeralKey' | 'cekCommit'>

/** The first field in which the context differs from the record, or null. */
export function contextMismatch(x: EnvelopeContext, record: RecordFacts): string | null {
  if (x.version !== ENVELOPE_VERSION) return 'version'
  const names = ['chainId', 'enigma', 'kind', 'scAddr', 'codeHash', 'sender', 'epoch'] as const
  return names.find(name => x[name] !== record[name]) ?? null
}

export const randomHash = (): Hash => toHex(randomBytes(32)) as Hash
