import { openDeterministic, sealDeterministic } from './aead.ts'
import {
  addressCodec,
  bool,
  bytes,
  bytes32,
  fixedBytes,
  list,
  maybe,
  message,
  struct,
  text,
  u32,
  u8,
  uint,
  type Codec
} from './codec.ts'
import type { Permit, QueryAnswer } from './eip712.ts'
import { abiEncode, hkdf, keccak256 } from './hashing.ts'
import type { Hash, ScAddr } from './ids.ts'
import { pad, unpad } from './padding.ts'
import { MAX_ENVELOPE_BYTES, MAX_OUTPUT_BYTES } from './params.ts'
import { MAX_ERROR_TEXT_BYTES } from './run.ts'

/** Read-only calls (R8): what travels, and how answers are encrypted. docs/spec/queries.md */

/** Call data of a query; the rest of an envelope's body is for the permit. */
export const MAX_QUERY_CALL_BYTES = 56 * 1024
export const MAX_PERMIT_OPS = 64
/** The operation that stands for every function of a contract. */
export const ANY_OP = '*'

/** An issuer's word that a grantee may ask in its name; `ops` are function signatures such as `balanceOf(address)`, or `*`. */
export interface SignedPermit {
  readonly permit: Permit
  readonly ops: readonly string[] // permit.ops is their opsHashOf
  readonly signature: Uint8Array // the issuer's, over the permit's EIP-712 digest
}

/** The body of an envelope of kind 2. Without a permit the issuer signs its query itself. */
export interface QueryBody {
  readonly callData: Uint8Array
  readonly permit: SignedPermit | null
}

const permitCodec: Codec<Permit> = struct<Permit>('Permit', {
  issuer: addressCodec,
  grantee: addressCodec,
  scope: bytes32(),
  ops: bytes32(),
  notBefore: uint,
  expiry: uint,
  maxUses: u32,
  nonce: bytes32()
})
export const queryBody: Codec<QueryBody> = message<QueryBody>('QueryBody', 1, {
  callData: bytes(MAX_QUERY_CALL_BYTES),
  permit: maybe(
    struct<SignedPermit>('SignedPermit', {
      permit: permitCodec,
      ops: list(text(96), MAX_PERMIT_OPS),
      signature: fixedBytes(65)
    })
  )
})

/** A query on its way to an enclave. */
export interface SignedQuery {
  readonly envelope: Uint8Array
  readonly notAfter: number // seconds; with scAddr and envelopeHash what the asker signed (EIP-712 Query)
  readonly signature: Uint8Array // the grantee's; the issuer's if there is no permit
}
export const signedQuery: Codec<SignedQuery> = message<SignedQuery>('SignedQuery', 1, {
  envelope: bytes(MAX_ENVELOPE_BYTES),
  notAfter: uint,
  signature: fixedBytes(65)
})

/** What a query came to; for the asker alone. */
export interface QueryOutcome {
  readonly ok: boolean
  readonly reason: number // FailureReason
  readonly message: string
  readonly output: Uint8Array
}
const queryOutcome: Codec<QueryOutcome> = message<QueryOutcome>('QueryOutcome', 1, {
  ok: bool,
  reason: u8,
  message: text(MAX_ERROR_TEXT_BYTES),
  output: bytes(MAX_OUTPUT_BYTES)
})
/** The largest padded outcome and its tag. */
export const MAX_QUERY_RESULT_BYTES = 128 * 1024 + 16

/** An enclave's answer: the signature stands over the EIP-712 digest of `answer`, whose outputHash is that of `result`. */
export interface SignedQueryAnswer {
  readonly answer: QueryAnswer
  readonly signature: Uint8Array
  readonly result: Uint8Array // ciphertext of the outcome
}
export const signedQueryAnswer: Codec<SignedQueryAnswer> = message<SignedQueryAnswer>('SignedQueryAnswer', 1, {
  answer: struct<QueryAnswer>('QueryAnswer', {
    envelopeHash: bytes32(),
    outputHash: bytes32(),
    scAddr: bytes32<ScAddr>(),
    deltaCount: uint,
    headHash: bytes32(),
    block: uint
  }),
  signature: fixedBytes(65),
  result: bytes(MAX_QUERY_RESULT_BYTES)
})

export const envelopeHashOf = (envelope: Uint8Array): Hash => keccak256(envelope)

const answerKey = (cek: Uint8Array, headHash: Hash, envelopeHash: Hash): Uint8Array =>
  hkdf(cek, abiEncode(['string', 'bytes32', 'bytes32'], ['query', headHash, envelopeHash]))
const blockAad = (block: number): Uint8Array => abiEncode(['string', 'uint64'], ['query', block])

type AnswerPlace = Pick<QueryAnswer, 'envelopeHash' | 'headHash' | 'block'>

/**
 * Encrypts an outcome to the asker. Two seats may answer one query at different blocks with different outcomes under the same
 * key, so the cipher is one that a repeated nonce does not break (AES-GCM-SIV).
 */
export const sealQueryOutcome = (cek: Uint8Array, at: AnswerPlace, outcome: QueryOutcome): Uint8Array =>
  sealDeterministic(answerKey(cek, at.headHash, at.envelopeHash), pad(queryOutcome.encode(outcome)), blockAad(at.block))

/** @throws PROTOCOL_DECRYPT, PROTOCOL_DECODE */
export function openQueryOutcome(cek: Uint8Array, at: AnswerPlace, result: Uint8Array): QueryOutcome {
  const key = answerKey(cek, at.headHash, at.envelopeHash)
  return queryOutcome.decode(unpad(openDeterministic('query answer', key, result, blockAad(at.block))))
}
