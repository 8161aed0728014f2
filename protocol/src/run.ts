import { bool, bytes, bytes32, addressCodec, message, struct, text, u32, u64, u8, uint, type Codec } from './codec.ts'
import { openOnce, sealOnce } from './aead.ts'
import { runKeyOf } from './keys.ts'
import { pad, unpad } from './padding.ts'
import { MAX_ASIDE_BYTES } from './trace.ts'
import { keccak256 } from './hashing.ts'
import type { Receipt } from './eip712.ts'
import { ZERO_HASH, type Hash, type ScAddr, type TaskId } from './ids.ts'

/** A receipt in our own encoding, for frames and files. On chain it is abi.encoded. */
export const receiptCodec: Codec<Receipt> = struct<Receipt>('Receipt', {
  taskId: bytes32<TaskId>(),
  scAddr: bytes32<ScAddr>(),
  kind: u8,
  ok: bool,
  reason: u8,
  codeHash: bytes32(),
  inputHash: bytes32(),
  gasLimit: u64,
  epoch: uint,
  recordBlock: uint,
  recordTime: uint,
  prevHead: bytes32(),
  deltaHash: bytes32(),
  outputHash: bytes32(),
  gasUsed: u64,
  callbackTarget: addressCodec,
  callbackDataHash: bytes32(),
  callbackGas: u32
})

/** Largest output or error ciphertext: a padded 64 KiB and the tag. */
export const MAX_RESULT_BYTES = 64 * 1024 + 16

/** What a failed task tells its requester, and nobody else. */
export interface TaskError {
  readonly reason: number // FailureReason, as in the receipt
  readonly message: string
}
export const MAX_ERROR_TEXT_BYTES = 1024
const taskError: Codec<TaskError> = message<TaskError>('TaskError', 1, {
  reason: u8,
  message: text(MAX_ERROR_TEXT_BYTES)
})

/** Encrypts an output to the requester of the run; deterministic, padded (R6). */
export const sealOutput = (cek: Uint8Array, runDigest: Hash, output: Uint8Array): Uint8Array =>
  sealOnce(runKeyOf(cek, 'output', runDigest), pad(output))

/** @throws PROTOCOL_DECRYPT */
export const openOutput = (cek: Uint8Array, runDigest: Hash, ciphertext: Uint8Array): Uint8Array =>
  unpad(openOnce('output', runKeyOf(cek, 'output', runDigest), ciphertext))

export const sealTaskError = (cek: Uint8Array, runDigest: Hash, error: TaskError): Uint8Array =>
  sealOnce(runKeyOf(cek, 'error', runDigest), pad(taskError.encode(error)))

/** @throws PROTOCOL_DECRYPT */
export const openTaskError = (cek: Uint8Array, runDigest: Hash, ciphertext: Uint8Array): TaskError =>
  taskError.decode(unpad(openOnce('error', runKeyOf(cek, 'error', runDigest), ciphertext)))

/** 0 for the empty ciphertext of a fault found in clear (R3). */
export const outputHashOf = (ciphertext: Uint8Array): Hash =>
  ciphertext.length === 0 ? ZERO_HASH : keccak256(ciphertext)

/** What an enclave keeps of a run until its receipt is on chain; only the enclave can open it (R8). */
export interface SealedRunContent {
  readonly receipt: Receipt
  readonly result: Uint8Array // ciphertext for the requester: output or error
  readonly log: Uint8Array // ciphertext of the log; empty for a failure
  readonly trace: Uint8Array // ciphertext of the trace; empty unless the requester asked for it
}
export const sealedRunContent: Codec<SealedRunContent> = message<SealedRunContent>('SealedRun', 2, {
  receipt: receiptCodec,
  result: bytes(MAX_RESULT_BYTES),
  log: bytes(MAX_ASIDE_BYTES),
  trace: bytes(MAX_ASIDE_BYTES)
})
export const MAX_SEALED_RUN_BYTES = sealedRunContent.maxBytes + 28
