import {
  FailureReason,
  MAX_DELTA_BYTES,
  MAX_ERROR_TEXT_BYTES,
  MAX_OUTPUT_BYTES,
  ProtocolError,
  TaskKind,
  ZERO_ADDRESS,
  ZERO_HASH,
  deltaHashOf,
  keccak256,
  outputHashOf,
  sealDelta,
  sealLog,
  sealOutput,
  sealTaskError,
  sealTrace,
  toHex,
  type Address,
  type Receipt,
  type StateWrites,
  type TaskTrace
} from '@enigma/protocol'
import type { EthereumCallback, RunResult, RunSuccess } from '../wasm/index.ts'
import type { RecordedTask, RunnableTask } from './task.ts'

/** What a run comes to: the same bytes at every seat (R6). */
export interface Outcome {
  readonly receipt: Receipt
  readonly delta: Uint8Array | null
  readonly callbackData: Uint8Array // public; empty without a callback
  readonly callsBack: boolean
  readonly writes: StateWrites // what the delta holds; of the enclave alone
  readonly result: Uint8Array // ciphertext for the requester; empty for a fault found in clear
  readonly log: Uint8Array // likewise; of a success only
  readonly trace: Uint8Array // likewise; empty unless it was asked for
}

/** R3: the envelope belongs to another record. Known without opening it, so the reason is public and there is no result. */
export const mismatchOutcome = (recorded: RecordedTask): Outcome =>
  failed(recorded, FailureReason.badInput, 0n, new Uint8Array())

/** A failure whose explanation only the requester can read. */
export function failureOutcome(
  task: RunnableTask,
  reason: number,
  message: string,
  gasUsed: bigint,
  trace?: TaskTrace
): Outcome {
  const error = { reason, message: shortened(message) }
  const outcome = failed(task, reason, gasUsed, sealTaskError(task.contentKey, task.runDigest, error))
  return { ...outcome, trace: traceOf(task, trace) }
}

/** R7, R13: output, delta and callback of a run, or its failure. What the callback costs is in the engine's `gasUsed`. */
export function outcomeOf(task: RunnableTask, result: RunResult): Outcome {
  if (!result.ok) return failureOutcome(task, result.reason, result.message, result.gasUsed, result.trace)
  const refuse = (message: string): Outcome =>
    failureOutcome(task, FailureReason.limit, message, result.gasUsed, result.trace)
  if (result.output.length > MAX_OUTPUT_BYTES) return refuse(`The output is larger than ${MAX_OUTPUT_BYTES} bytes.`)
  const delta = deltaOf(task, result)
  if (delta === 'too-large') return refuse(`What the contract wrote does not fit a delta of ${MAX_DELTA_BYTES} bytes.`)
  const output = sealOutput(task.contentKey, task.runDigest, result.output)
  const receipt: Receipt = {
    ...termsOf(task),
    ok: true,
    reason: FailureReason.none,
    deltaHash: delta ? deltaHashOf(delta) : ZERO_HASH,
    outputHash: outputHashOf(output),
    gasUsed: result.gasUsed,
    ...callbackOf(result.callback)
  }
  const { callback } = result
  const callbackData = callback?.data ?? new Uint8Array()
  return {
    receipt,
    delta,
    callbackData,
    callsBack: callback !== null,
    writes: result.writes,
    result: output,
    log: sealLog(task.contentKey, task.runDigest, result.log),
    trace: traceOf(task, result.trace)
  }
}

const NONE = new Uint8Array()

const traceOf = ({ contentKey, runDigest }: RunnableTask, trace: TaskTrace | undefined): Uint8Array =>
  trace ? sealTrace(contentKey, runDigest, trace) : NONE

/** A callback without data has the hash of nothing, so that it never looks like none. */
const callbackOf = (callback: EthereumCallback | null) =>
  callback && {
    callbackTarget: toHex(callback.target) as Address,
    callbackDataHash: keccak256(callback.data),
    callbackGas: callback.gas
  }

/** A deployment always has a delta, other runs if they wrote something. */
function deltaOf(task: RunnableTask, { writes }: RunSuccess): Uint8Array | null | 'too-large' {
  const { contract, stateKey, runDigest } = task
  if (writes.size === 0 && task.task.kind !== TaskKind.deploy) return null
  const { scAddr } = contract
  const { generation } = task.task
  const { deltaCount: index, headHash: prevHead } = task.start
  try {
    return sealDelta(stateKey, { scAddr, index, generation, prevHead, runDigest }, writes)
  } catch (error) {
    if (error instanceof ProtocolError && error.code === 'PROTOCOL_ENCODE') return 'too-large'
    throw error
  }
}

const termsOf = ({ contract, task, start }: RecordedTask) => ({
  taskId: task.taskId,
  scAddr: contract.scAddr,
  kind: task.kind,
  codeHash: contract.codeHash,
  inputHash: task.inputHash,
  gasLimit: task.gasLimit,
  epoch: task.epoch,
  recordBlock: task.recordBlock,
  recordTime: task.recordTime,
  prevHead: start.headHash,
  callbackTarget: ZERO_ADDRESS,
  callbackDataHash: ZERO_HASH,
  callbackGas: 0
})

function failed(recorded: RecordedTask, reason: number, gasUsed: bigint, result: Uint8Array): Outcome {
  const receipt: Receipt = {
    ...termsOf(recorded),
    ok: false,
    reason,
    deltaHash: ZERO_HASH,
    outputHash: outputHashOf(result),
    gasUsed
  }
  return {
    receipt,
    delta: null,
    callbackData: NONE,
    callsBack: false,
    writes: new Map(),
    result,
    log: NONE,
    trace: NONE
  }
}

/** Cuts text to the bytes that a task error carries, never through a character. */
export function shortened(text: string): string {
  let short = text.slice(0, MAX_ERROR_TEXT_BYTES).toWellFormed()
  while (new TextEncoder().encode(short).length > MAX_ERROR_TEXT_BYTES) short = short.slice(0, -1).toWellFormed()
  return short
}
