import {
  FailureReason,
  ZERO_HASH,
  fromHex,
  openLog,
  openOutput,
  openTaskError,
  openTrace,
  outputHashOf,
  receiptFromJson,
  recoverSigner,
  runDigestOf,
  typedDigest,
  type Address,
  type Domain,
  type Hash,
  type Receipt,
  type TaskResultResult,
  type TaskTrace
} from '@enigma/protocol'
import type { TaskRecord } from '../chain/tasks.ts'
import { ClientError } from '../errors.ts'

/** What the chain and the requester know of a settled task; an answer must fit all of it. */
export interface Expected {
  readonly domain: Domain
  readonly record: TaskRecord
  /** Slot 1 of the settled task. */
  readonly receiptDigest: Hash
  /** Enclaves that may have signed it: the task's seats; null: whoever the contract accepted. */
  readonly seats: readonly Address[] | null
  /** The content key; null for somebody else's task, whose answer cannot be read. */
  readonly cek: Uint8Array | null
  /** Whether the requester asked for a trace. */
  readonly traced: boolean
}

export interface Answer {
  readonly receipt: Receipt
  readonly signer: Address
  /** Of the output or the error, as everybody sees it; may be empty. */
  readonly ciphertext: Uint8Array
  /** Plaintext of a success; null without the key, or for a failure. */
  readonly output: Uint8Array | null
  /** What the contract logged; null without the key, or for a failure. */
  readonly log: readonly Uint8Array[] | null
  /** What the run did; null without the key, or if it was not asked for. */
  readonly trace: TaskTrace | null
  /** Readable reason of a failure; null without the key, or where there is none. */
  readonly readable: string | null
}

/** What a receipt repeats of its record. */
const RECORDED = [
  'taskId',
  'scAddr',
  'kind',
  'codeHash',
  'inputHash',
  'gasLimit',
  'epoch',
  'recordBlock',
  'recordTime'
] as const

/**
 * Verifies what a worker says is a task's answer: the receipt is the one that the chain accepted for this record, signed by a seat;
 * the output is the one that the receipt names, and opens with the task's own key.
 *
 * @throws RECEIPT_WRONG, RECEIPT_SIGNER_WRONG, OUTPUT_HASH_WRONG, OUTPUT_UNREADABLE
 */
export function verifyAnswer(answer: TaskResultResult, expected: Expected): Answer {
  const { domain, record } = expected
  const receipt = parse(() => receiptFromJson(answer.receipt), 'it does not parse')
  for (const name of RECORDED) {
    if (receipt[name] !== record[name]) throw receiptWrong(`its ${name} is not the record's`)
  }
  const digest = typedDigest(domain, 'Receipt', receipt)
  const signature = parse(() => fromHex(answer.signature), 'its signature does not parse')
  const signer = requireSeatSignature(digest, signature, expected.seats)
  if (digest !== expected.receiptDigest) throw receiptWrong('the chain accepted another receipt for this task')
  const ciphertext = parse(() => fromHex(answer.result), 'its output does not parse')
  // A fault that every seat sees in clear has no output at all (R3).
  const named = ciphertext.length === 0 && !receipt.ok ? ZERO_HASH : outputHashOf(ciphertext)
  if (named !== receipt.outputHash) {
    throw new ClientError(
      { code: 'OUTPUT_HASH_WRONG', taskId: record.taskId },
      'The output is not the one that the receipt on chain names.'
    )
  }
  const readable = receipt.ok || ciphertext.length > 0 ? null : CLEAR_FAULT
  const asides = {
    log: parse(() => fromHex(answer.log), 'its log does not parse'),
    trace: parse(() => fromHex(answer.trace), 'its trace does not parse')
  }
  const unopened = { receipt, signer, ciphertext, readable, output: null, log: null, trace: null }
  return { ...unopened, ...open(receipt, ciphertext, asides, expected) }
}

const CLEAR_FAULT = 'The encrypted input was made for another record.'

function parse<T>(read: () => T, what: string): T {
  try {
    return read()
  } catch (cause) {
    throw receiptWrong(what, cause)
  }
}

const receiptWrong = (what: string, cause?: unknown): ClientError =>
  new ClientError({ code: 'RECEIPT_WRONG', what }, `The receipt was refused: ${what}.`, {
    cause
  })

function requireSeatSignature(digest: Hash, signature: Uint8Array, seats: readonly Address[] | null): Address {
  const wrong = (signer: string, cause?: unknown): ClientError =>
    new ClientError(
      { code: 'RECEIPT_SIGNER_WRONG', signer },
      'The receipt is not signed by an enclave that holds a seat of this task.',
      { cause }
    )
  let signer: Address
  try {
    signer = recoverSigner(digest, signature)
  } catch (cause) {
    throw wrong('nobody', cause)
  }
  if (seats !== null && !seats.includes(signer)) throw wrong(signer)
  return signer
}

function open(
  receipt: Receipt,
  ciphertext: Uint8Array,
  asides: { readonly log: Uint8Array; readonly trace: Uint8Array },
  { domain, record, cek, traced }: Expected
): Partial<Pick<Answer, 'output' | 'readable' | 'log' | 'trace'>> {
  if (cek === null || ciphertext.length === 0) return {}
  const runDigest = runDigestOf({
    ...domain,
    codeHash: record.codeHash,
    prevHead: receipt.prevHead,
    taskId: record.taskId,
    kind: record.kind,
    sender: record.sender,
    inputHash: record.inputHash,
    gasLimit: record.gasLimit,
    recordBlock: record.recordBlock,
    recordTime: record.recordTime
  })
  try {
    // Log and trace are in no receipt: that they open shows that the enclave made them, and of this run.
    const trace = traced ? openTrace(cek, runDigest, asides.trace) : null
    return receipt.ok
      ? { output: openOutput(cek, runDigest, ciphertext), log: openLog(cek, runDigest, asides.log), trace }
      : { readable: openTaskError(cek, runDigest, ciphertext).message, trace }
  } catch (cause) {
    throw new ClientError(
      { code: 'OUTPUT_UNREADABLE', taskId: record.taskId },
      'The output, its log or its trace does not open with the key of this task.',
      { cause }
    )
  }
}

/** The public name of a failure code: `outOfGas`. */
export function reasonName(reason: number): string {
  return Object.entries(FailureReason).find(([, code]) => code === reason)?.[0] ?? `reason ${reason}`
}
