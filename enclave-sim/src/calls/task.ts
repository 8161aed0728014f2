import {
  MAX_GAS,
  TaskKind,
  TaskStatus,
  ZERO_HASH,
  contextMismatch,
  deadlineOf,
  inputHashOf,
  nextHead,
  runDigestOf,
  type AcceptRequest,
  type ChainView,
  type ContractView,
  type Envelope,
  type Hash,
  type TaskId,
  type TaskView
} from '@enigma/protocol'
import { enclaveError } from '../errors.ts'
import type { AheadRun } from '../state/ahead-runs.ts'
import { stateAfter, type ContractState } from '../state/contract-states.ts'
import { contentKeyOf, decodedEnvelope } from './inputs.ts'
import type { WorkerParts } from './worker-parts.ts'

/** A point in a contract's history. */
export type Place = Pick<ContractState, 'deltaCount' | 'headHash'>

/** A task as the chain has it, with the input that its record commits to, and where in the contract's history it runs. */
export interface RecordedTask {
  readonly contract: ContractView
  readonly task: TaskView
  readonly envelope: Envelope
  /** The field in which the envelope's context differs from the record; such a task fails without being opened (R3). */
  readonly mismatch: string | null
  /** Where the loaded state must stand. */
  readonly base: Place
  /** Own runs between there and the start of this one. */
  readonly ahead: readonly AheadRun[]
  readonly start: Place
  readonly runDigest: Hash
}

/** A recorded task that this enclave is able to run, with everything that the run depends on (R6). */
export interface RunnableTask extends RecordedTask {
  readonly contentKey: Uint8Array
  readonly stateKey: Uint8Array
  readonly state: ContractState
  readonly code: Uint8Array
}

/**
 * Finds an open task in a view and checks its input against it. Nothing here comes from the host but the envelope, whose hash is
 * the record's.
 *
 * @param after own unsettled runs that this one follows
 * @throws ENCLAVE_VIEW_UNKNOWN, ENCLAVE_TASK_UNKNOWN, ENCLAVE_TASK_NOT_OPEN, ENCLAVE_TASK_REFUSED, ENCLAVE_INPUT_MISMATCH,
 *   ENCLAVE_NOT_AHEAD
 */
export function recordedTask(parts: WorkerParts, request: AcceptRequest, after: readonly TaskId[] = []): RecordedTask {
  const view = parts.views.get(request.nonce)
  const { contract, task } = findTask(view, request.taskId)
  if (task.status !== TaskStatus.RecordCreated) {
    throw enclaveError('ENCLAVE_TASK_NOT_OPEN', `The task is not waiting for a receipt: its status is ${task.status}.`)
  }
  if (!isOpen(view, task)) {
    throw enclaveError(
      'ENCLAVE_TASK_NOT_OPEN',
      `Block ${view.block} is outside the blocks in which the task may be settled.`
    )
  }
  requireSound(view, contract, task, contract)
  return placed(
    parts,
    contract,
    task,
    request.envelope,
    contract,
    aheadOf(parts, view, contract, [...after, task.taskId])
  )
}

/**
 * The task at its place.
 *
 * @throws ENCLAVE_TASK_REFUSED, ENCLAVE_INPUT_MISMATCH
 */
export function placed(
  { identity }: WorkerParts,
  contract: ContractView,
  task: TaskView,
  envelopeBytes: Uint8Array,
  { deltaCount, headHash }: Place,
  ahead: readonly AheadRun[] = []
): RecordedTask {
  if (inputHashOf(envelopeBytes) !== task.inputHash) {
    throw enclaveError('ENCLAVE_INPUT_MISMATCH', 'The envelope is not the one that the record commits to.')
  }
  const envelope = decodedEnvelope(envelopeBytes)
  if (!envelope) throw enclaveError('ENCLAVE_TASK_REFUSED', 'The record commits to bytes that are no envelope.')
  const { domain } = identity.binding
  const { kind, sender, epoch } = task
  const { scAddr } = contract
  const codeHash = kind === TaskKind.deploy ? contract.codeHash : ZERO_HASH
  const mismatch = contextMismatch(envelope.context, { ...domain, kind, scAddr, codeHash, sender, epoch })
  const base = { deltaCount, headHash }
  const start = ahead.reduce(afterRun, base)
  const runDigest = runDigestOf({ ...domain, ...task, codeHash: contract.codeHash, prevHead: start.headHash })
  return { contract, task, envelope, mismatch, base, ahead, start, runDigest }
}

export function findTask(view: ChainView, taskId: TaskId): { contract: ContractView; task: TaskView } {
  for (const contract of view.contracts) {
    const task = contract.tasks.find(t => t.taskId === taskId)
    if (task) return { contract, task }
  }
  throw enclaveError('ENCLAVE_TASK_UNKNOWN', 'The view says nothing of this task.')
}

const isOpen = (view: ChainView, { status, recordBlock }: TaskView): boolean =>
  status === TaskStatus.RecordCreated && recordBlock <= view.block && view.block <= deadlineOf(recordBlock)

/** What a contract on chain never records; a view that says so is not worth a signature. */
export function requireSound(view: ChainView, contract: ContractView, task: TaskView, start: Place): void {
  const isDeployment = task.kind === TaskKind.deploy
  const sound =
    (isDeployment || task.kind === TaskKind.compute) &&
    isDeployment === ((task.taskId as string) === contract.scAddr) &&
    isDeployment === (start.deltaCount === 0 && start.headHash === ZERO_HASH) &&
    contract.codeHash !== ZERO_HASH &&
    task.gasLimit <= MAX_GAS &&
    task.epoch <= view.epoch &&
    (task.epoch === view.epoch ? task.generation === view.generation : task.generation <= view.generation)
  if (!sound) throw enclaveError('ENCLAVE_TASK_REFUSED', 'The view contradicts itself about this task.')
}

const afterRun = ({ deltaCount, headHash }: Place, { delta }: AheadRun): Place =>
  delta ? { deltaCount: deltaCount + 1, headHash: nextHead(headHash, delta.hash) } : { deltaCount, headHash }

/**
 * R7: the runs of all but the last of `taskIds`, each where the one before it ended. They are all open, in this very record, and none
 * waits for what a callback comes to.
 *
 * @throws ENCLAVE_NOT_AHEAD
 */
function aheadOf(
  { identity, ahead }: WorkerParts,
  view: ChainView,
  contract: ContractView,
  taskIds: readonly TaskId[]
): AheadRun[] {
  if (new Set(taskIds).size < taskIds.length) throw notAhead('a task stands there twice')
  let { deltaCount, headHash }: Place = contract
  return taskIds.slice(0, -1).map(taskId => {
    const task = contract.tasks.find(t => t.taskId === taskId)
    if (!task) throw notAhead(`the view does not name ${taskId} for this contract`)
    if (!isOpen(view, task)) throw notAhead(`${taskId} is not open`)
    const { codeHash } = contract
    const run = ahead.get(runDigestOf({ ...identity.binding.domain, ...task, codeHash, prevHead: headHash }))
    if (!run || run.epoch !== task.epoch || run.generation !== task.generation) {
      throw notAhead(`no run of ${taskId} at this head and for this record is held`)
    }
    if (run.callsBack) throw notAhead(`${taskId} calls Ethereum back, and only the chain knows how that ends`)
    ;({ deltaCount, headHash } = afterRun({ deltaCount, headHash }, run))
    return run
  })
}

const notAhead = (why: string) =>
  enclaveError('ENCLAVE_NOT_AHEAD', `The task cannot run ahead of the chain: ${why}. Run it at the head.`)

/**
 * Brings together what a run needs.
 *
 * @throws INPUT_NOT_FOR_SEAT, ENCLAVE_NO_STATE_KEY, ENCLAVE_STATE_NOT_AT_HEAD, ENCLAVE_CODE_MISSING; nothing is signed then
 */
export function runnableTask(parts: WorkerParts, recorded: RecordedTask): RunnableTask {
  const { contract, task, envelope, base, ahead } = recorded
  const stateKey = parts.stateKeys.get(contract.scAddr, task.generation)
  const loaded = parts.states.get(contract.scAddr)
  requirePlace(loaded, base)
  const code = parts.codes.get(contract.codeHash)
  const contentKey = contentKeyOf(parts, envelope)
  if (!contentKey) throw enclaveError('INPUT_NOT_FOR_SEAT', 'The input is not encrypted to a key of this enclave.')
  const state = stateAfter(
    loaded,
    ahead.flatMap(({ delta }) => delta ?? [])
  )
  return { ...recorded, contentKey, stateKey, state, code }
}

/** @throws ENCLAVE_STATE_NOT_AT_HEAD */
export function requirePlace(state: ContractState, { deltaCount, headHash }: Place): void {
  if (state.headHash === headHash && state.deltaCount === deltaCount) return
  throw enclaveError(
    'ENCLAVE_STATE_NOT_AT_HEAD',
    `The state loaded has ${state.deltaCount} deltas; wanted are ${deltaCount}, or others.`
  )
}
