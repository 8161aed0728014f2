import {
  MAX_GAS,
  TaskKind,
  TaskStatus,
  ZERO_HASH,
  contextMismatch,
  deadlineOf,
  inputHashOf,
  runDigestOf,
  type ChainView,
  type ContractView,
  type Envelope,
  type Hash,
  type RunRequest,
  type TaskId,
  type TaskView
} from '@enigma/protocol'
import { enclaveError } from '../errors.ts'
import type { ContractState } from '../state/contract-states.ts'
import { contentKeyOf, decodedEnvelope } from './inputs.ts'
import type { WorkerParts } from './worker-parts.ts'

/** A task as the chain has it, with the input that its record commits to. */
export interface RecordedTask {
  readonly contract: ContractView
  readonly task: TaskView
  readonly envelope: Envelope
  /** The field in which the envelope's context differs from the record; such a task fails without being opened (R3). */
  readonly mismatch: string | null
}

/** A recorded task that this enclave is able to run, with everything that the run depends on (R6). */
export interface RunnableTask extends RecordedTask {
  readonly contentKey: Uint8Array
  readonly generation: number
  readonly stateKey: Uint8Array
  readonly state: ContractState
  readonly code: Uint8Array
  readonly runDigest: Hash
}

/**
 * Finds a task in a view and checks its input against it. Nothing here comes from the host but the envelope, whose hash is the record's.
 *
 * @throws ENCLAVE_VIEW_UNKNOWN, ENCLAVE_TASK_UNKNOWN, ENCLAVE_TASK_NOT_OPEN, ENCLAVE_TASK_REFUSED, ENCLAVE_INPUT_MISMATCH
 */
export function recordedTask({ identity, views }: WorkerParts, request: RunRequest): RecordedTask {
  const view = views.get(request.nonce)
  const { contract, task } = findTask(view, request.taskId)
  if (task.status !== TaskStatus.RecordCreated) {
    throw enclaveError('ENCLAVE_TASK_NOT_OPEN', `The task is not waiting for a receipt: its status is ${task.status}.`)
  }
  if (task.recordBlock > view.block || view.block > deadlineOf(task.recordBlock)) {
    throw enclaveError(
      'ENCLAVE_TASK_NOT_OPEN',
      `Block ${view.block} is outside the blocks in which the task may be settled.`
    )
  }
  requireSound(view, contract, task)
  if (inputHashOf(request.envelope) !== task.inputHash) {
    throw enclaveError('ENCLAVE_INPUT_MISMATCH', 'The envelope is not the one that the record commits to.')
  }
  const envelope = decodedEnvelope(request.envelope)
  if (!envelope) throw enclaveError('ENCLAVE_TASK_REFUSED', 'The record commits to bytes that are no envelope.')
  const { kind, sender, epoch } = task
  const { scAddr } = contract
  const codeHash = kind === TaskKind.deploy ? contract.codeHash : ZERO_HASH
  const mismatch = contextMismatch(envelope.context, {
    ...identity.binding.domain,
    kind,
    scAddr,
    codeHash,
    sender,
    epoch
  })
  return { contract, task, envelope, mismatch }
}

function findTask(view: ChainView, taskId: TaskId): { contract: ContractView; task: TaskView } {
  for (const contract of view.contracts) {
    const task = contract.tasks.find(t => t.taskId === taskId)
    if (task) return { contract, task }
  }
  throw enclaveError('ENCLAVE_TASK_UNKNOWN', 'The view says nothing of this task.')
}

/** What a contract on chain never records; a view that says so is not worth a signature. */
function requireSound(view: ChainView, contract: ContractView, task: TaskView): void {
  const isDeployment = task.kind === TaskKind.deploy
  const sound =
    (isDeployment || task.kind === TaskKind.compute) &&
    isDeployment === ((task.taskId as string) === contract.scAddr) &&
    isDeployment === (contract.deltaCount === 0 && contract.headHash === ZERO_HASH) &&
    contract.codeHash !== ZERO_HASH &&
    task.gasLimit <= MAX_GAS &&
    task.epoch <= view.epoch &&
    (task.epoch === view.epoch ? task.generation === view.generation : task.generation <= view.generation)
  if (!sound) throw enclaveError('ENCLAVE_TASK_REFUSED', 'The view contradicts itself about this task.')
}

/**
 * Brings together what a run needs.
 *
 * @throws INPUT_NOT_FOR_SEAT, ENCLAVE_NO_STATE_KEY, ENCLAVE_STATE_NOT_AT_HEAD, ENCLAVE_CODE_MISSING; nothing is signed then
 */
export function runnableTask(parts: WorkerParts, recorded: RecordedTask): RunnableTask {
  const { contract, task, envelope } = recorded
  const { generation } = task
  const stateKey = parts.stateKeys.get(contract.scAddr, generation)
  const state = parts.states.get(contract.scAddr)
  if (state.headHash !== contract.headHash || state.deltaCount !== contract.deltaCount) {
    throw enclaveError(
      'ENCLAVE_STATE_NOT_AT_HEAD',
      `The state loaded has ${state.deltaCount} deltas; the chain has ${contract.deltaCount}, or others.`
    )
  }
  const code = parts.codes.get(contract.codeHash)
  const contentKey = contentKeyOf(parts, envelope)
  if (!contentKey) throw enclaveError('INPUT_NOT_FOR_SEAT', 'The input is not encrypted to a key of this enclave.')
  const { domain } = parts.identity.binding
  const runDigest = runDigestOf({ ...domain, ...task, codeHash: contract.codeHash, prevHead: contract.headHash })
  return { ...recorded, contentKey, generation, stateKey, state, code, runDigest }
}
