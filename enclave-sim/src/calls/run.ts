import {
  FailureReason,
  TaskKind,
  fromHex,
  openTaskInput,
  randomSeedOf,
  sealedRunContent,
  typedDigest,
  type AcceptRequest,
  type AcceptResponse,
  type RunRequest,
  type RunResponse,
  type TaskInput
} from '@enigma/protocol'
import type { RunInput } from '../wasm/index.ts'
import { failureOutcome, mismatchOutcome, outcomeOf, type Outcome } from './receipts.ts'
import { workerOf, type Enclave } from './session.ts'
import { findTask, recordedTask, runnableTask, type RecordedTask, type RunnableTask } from './task.ts'
import type { WorkerParts } from './worker-parts.ts'

/** What `SealedRun`s are sealed for. */
export const RUN_LABEL = 'run'

/** R4: signs that this enclave could run the task right now. All checks of a run, but the run. */
export function accept(parts: WorkerParts, request: AcceptRequest): AcceptResponse {
  const recorded = recordedTask(parts, request)
  if (recorded.mismatch === null) runnableTask(parts, recorded).contentKey.fill(0)
  const { taskId, inputHash, recordBlock } = recorded.task
  const { domain } = parts.identity.binding
  const signature = parts.identity.sign(typedDigest(domain, 'TaskAccepted', { taskId, inputHash, recordBlock }))
  return { recordBlock, signature }
}

/**
 * Runs a recorded task on the state at the chain's head, or ahead of it on own runs that wait to be settled, and signs the receipt
 * (R6, R7). Runs of one contract follow each other. The host gets the receipt and ciphertexts; the result stays sealed until the
 * chain has the receipt (R8).
 */
export async function run(enclave: Enclave, request: RunRequest): Promise<RunResponse> {
  const parts = workerOf(enclave)
  const { contract } = findTask(parts.views.get(request.nonce), request.taskId)
  return await parts.lanes.run(contract.scAddr, async () => {
    const recorded = recordedTask(parts, request, request.after)
    const outcome = await execute(enclave, parts, recorded)
    const { scAddr } = contract
    const { epoch, generation } = recorded.task
    const { receipt, delta, writes } = outcome
    parts.ahead.keep(recorded.runDigest, {
      scAddr,
      epoch,
      generation,
      callsBack: outcome.callsBack,
      delta: delta ? { hash: receipt.deltaHash, writes } : null
    })
    return signed(enclave, parts, outcome)
  })
}

/** What the host gets of a run. */
export function signed(enclave: Enclave, { identity, counters }: WorkerParts, outcome: Outcome): RunResponse {
  const { receipt, delta, callbackData, result, log, trace } = outcome
  counters.runs += 1
  return {
    receipt,
    signature: identity.sign(typedDigest(identity.binding.domain, 'Receipt', receipt)),
    delta,
    callbackData,
    sealedRun: enclave.platform.seal(RUN_LABEL, sealedRunContent.encode({ receipt, result, log, trace }))
  }
}

/** The run itself: the same outcome at every seat. */
export async function execute(enclave: Enclave, parts: WorkerParts, recorded: RecordedTask): Promise<Outcome> {
  if (recorded.mismatch !== null) return mismatchOutcome(recorded)
  const task = runnableTask(parts, recorded)
  const input = openedInput(task)
  if (!input)
    return failureOutcome(task, FailureReason.badInput, 'The input does not decrypt, or its padding is wrong.', 0n)
  const seed = randomSeedOf(task.stateKey, task.runDigest)
  try {
    return outcomeOf(task, await enclave.pool.run(runInput(task, input, seed)))
  } finally {
    for (const secret of [input.callData, seed, task.contentKey]) secret.fill(0)
  }
}

function openedInput({ envelope, contentKey }: RunnableTask): TaskInput | null {
  try {
    return openTaskInput(envelope, contentKey)
  } catch {
    return null
  }
}

/** Caller, block and time are the record's (R5). */
const runInput = (t: RunnableTask, { callData, trace }: TaskInput, seed: Uint8Array): RunInput => ({
  code: t.code,
  codeHash: fromHex(t.contract.codeHash),
  entry: t.task.kind === TaskKind.deploy ? 'deploy' : 'call',
  callData,
  gasLimit: t.task.gasLimit,
  readOnly: false,
  trace,
  context: {
    caller: fromHex(t.task.sender),
    scAddr: fromHex(t.contract.scAddr),
    blockNumber: BigInt(t.task.recordBlock),
    timeSeconds: BigInt(t.task.recordTime)
  },
  seed,
  state: t.state.entries
})
