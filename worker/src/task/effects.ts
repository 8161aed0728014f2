import {
  TaskKind,
  toHex,
  typedDigest,
  type ContractQuery,
  type Domain,
  type Hash,
  type ReleasedResult
} from '@enigma/protocol'
import { commitReceiptData, returnFeesData } from '../chain/calls.ts'
import type { ChainReader, ChainTask } from '../chain/reader.ts'
import type { TxSender } from '../chain/tx-sender.ts'
import type { Enclave } from '../enclave/enclave.ts'
import type { Logger } from '../ops/log.ts'
import type { ContentStore, DeltaSync } from '../sync/interfaces.ts'
import { WorkerError } from '../errors.ts'
import type { EnclaveFeed } from './feed.ts'
import type { EnvelopeStore } from './envelope-store.ts'
import type { Effect, Task, TaskEventIn } from './machine.ts'
import type { StoredRun, TaskStore } from './task-store.ts'
import type { ChainViews, OpenView } from './views.ts'

/** What an effect has to say: the event, and the bytes that belong on disk with it. */
export interface Outcome {
  readonly event: TaskEventIn
  readonly run?: { readonly digest: Hash; readonly run: StoredRun }
  readonly result?: ReleasedResult
}

export interface EffectContext {
  readonly signal: AbortSignal // aborted when the task leaves the state that wants the effect
  /** Tells something on the way; resolves when it is on disk. */
  tell(event: TaskEventIn): Promise<void>
}

/** Does something for a task. Null: nothing to say. What it throws is tried again after a pause. */
export type RunEffect = (task: Task, context: EffectContext) => Promise<Outcome | null>
export type Effects = Readonly<Record<Effect, RunEffect>>

export interface EffectParts {
  readonly chain: ChainReader
  readonly enclave: Enclave
  readonly views: ChainViews
  readonly feed: EnclaveFeed
  readonly envelopes: Pick<EnvelopeStore, 'get'>
  readonly store: TaskStore
  readonly content: Pick<ContentStore, 'getBytecode'>
  readonly sync: Pick<DeltaSync, 'push'>
  readonly sender: Pick<TxSender, 'send'>
  readonly log: Logger
  readonly alarm: (code: string, message: string) => void
  readonly reachSigned: () => void // crash point
}

/** Nothing was signed, and another try would end the same way. */
const DECLINES: readonly string[] = ['INPUT_NOT_FOR_SEAT', 'ENCLAVE_INPUT_MISMATCH', 'ENCLAVE_BAD_REQUEST']
/** The enclave's own trouble with a run, not the network's. */
const RUN_FAILURES = /^(WASM_|ENCLAVE_INTERNAL|ENCLAVE_FULL)/
/** Reverts after which the receipt may still be made good by a new run. */
const STALE: readonly string[] = ['EnigmaStaleHead', 'EnigmaReceiptMismatch']
/** Reverts that pass by themselves: the index will tell that the task is settled, or the next block opens the window. */
const PASSING: readonly string[] = ['EnigmaTaskNotOpen', 'EnigmaOutsideWindow', 'EnigmaDeadlineNotPassed', 'superseded']

const refusal = (error: unknown): string | null =>
  error instanceof WorkerError && error.facts.code === 'ENCLAVE_REFUSED' ? error.facts.reason : null
const revert = (error: unknown): string | null =>
  error instanceof WorkerError && error.facts.code === 'TX_REVERTED' ? error.facts.error : null

export function createEffects(parts: EffectParts): Effects {
  const { chain, enclave, views, feed, envelopes, store, content, sync, sender, log } = parts
  const domain: Domain = chain.facts

  function recordOf({ facts }: Task): ChainTask {
    const found = chain.task(facts.taskId)
    if (found) return found
    throw new WorkerError({ code: 'TASK_UNKNOWN', taskId: facts.taskId }, 'The task is not in the index.')
  }

  async function envelopeOf({ facts }: Task): Promise<Uint8Array> {
    const envelope = await envelopes.get(facts.inputHash)
    if (envelope) return envelope
    throw new WorkerError({ code: 'TASK_UNKNOWN', taskId: facts.taskId }, 'The input of the task is not here.')
  }

  /** A fresh view of the task, with code and state brought up to it. */
  async function ready(task: Task, minBlock: number, signal: AbortSignal): Promise<OpenView> {
    const { facts } = task
    const query: ContractQuery = { scAddr: facts.scAddr, taskIds: [facts.taskId] }
    const open = await views.open([query], minBlock, signal)
    const contract = open.view.contracts[0]!
    await feed.bring(facts.scAddr, contract.codeHash, contract.deltaCount, signal)
    return open
  }

  const prepare: RunEffect = async (task, { signal }) => {
    const envelope = await envelopeOf(task)
    const { nonce } = await ready(task, task.facts.recordBlock, signal)
    try {
      const { recordBlock, signature } = await enclave.call('accept', { nonce, taskId: task.facts.taskId, envelope })
      return { event: { type: 'accepted', accepted: { recordBlock, signature: toHex(signature) } } }
    } catch (error) {
      const reason = refusal(error)
      if (reason !== null && DECLINES.includes(reason)) return { event: { type: 'declined', reason } }
      if (reason === 'ENCLAVE_CODE_MISSING') feed.forgetCode(recordOf(task).codeHash)
      throw error
    }
  }

  const run: RunEffect = async (task, { signal }) => {
    const envelope = await envelopeOf(task)
    const { taskId } = task.facts
    const { nonce } = await ready(task, chain.head().number, signal)
    try {
      const answer = await enclave.call('run', { nonce, taskId, envelope, after: [] })
      const { receipt, signature, delta, callbackData, sealedRun } = answer
      const digest = typedDigest(domain, 'Receipt', receipt)
      return {
        event: { type: 'ran', run: { digest, prevHead: receipt.prevHead, deltaHash: receipt.deltaHash } },
        run: { digest, run: { receipt, signature, delta, callbackData, sealedRun } }
      }
    } catch (error) {
      const reason = refusal(error)
      if (reason !== null && DECLINES.includes(reason)) return { event: { type: 'declined', reason } }
      if (reason === 'ENCLAVE_CODE_MISSING') feed.forgetCode(recordOf(task).codeHash)
      const timedOut = error instanceof WorkerError && error.code === 'WORKER_ENCLAVE_TIMEOUT'
      if (!timedOut && !(reason !== null && RUN_FAILURES.test(reason))) throw error
      parts.alarm('RUN_FAILED', `A run of task ${taskId} signed nothing: ${reason ?? 'no answer in time'}.`)
      return { event: { type: 'run-failed', reason: reason ?? 'timeout', block: chain.head().number } }
    }
  }

  async function pushDelta({ receipt, delta }: StoredRun): Promise<void> {
    if (!delta) return
    const bytecode = receipt.kind === TaskKind.deploy ? await content.getBytecode(receipt.codeHash) : null
    const { acks } = await sync.push(delta, bytecode ?? undefined)
    const others = await acks // at most 300 ms; the push itself goes on
    log.debug('delta pushed', { scAddr: receipt.scAddr, deltaHash: receipt.deltaHash, acknowledged: others })
  }

  const submit: RunEffect = async (task, { signal, tell }) => {
    const { state, facts } = task
    if (!('run' in state) || facts.seat === null) return null
    const stored = await store.run(state.run.digest)
    if (!stored) return { event: { type: 'stale', block: chain.head().number } }
    await pushDelta(stored)
    signal.throwIfAborted()
    const record = recordOf(task)
    const proof = chain.seatProof(facts.epoch, facts.scAddr, facts.seat)
    if (!proof) return { event: { type: 'declined', reason: 'the stake tree of its epoch is not known' } }
    const data = commitReceiptData(stored.receipt, record, facts.seat, proof, stored.signature, stored.callbackData)
    const told: Promise<void>[] = []
    try {
      const outcome = await sender.send({
        id: `commit/${state.run.digest}`,
        to: chain.facts.enigma,
        data,
        onSigned() {
          parts.reachSigned()
          told.push(tell({ type: 'signed' }))
        }
      })
      await Promise.all(told)
      log.info(outcome.ok ? 'receipt included' : 'receipt came too late', {
        taskId: facts.taskId,
        block: outcome.block
      })
      return outcome.ok ? null : { event: { type: 'stale', block: outcome.block } }
    } catch (error) {
      const name = revert(error)
      if (name === null || PASSING.includes(name)) throw error
      if (STALE.includes(name)) return { event: { type: 'stale', block: chain.head().number } }
      parts.alarm('RECEIPT_REFUSED', `The contract refuses the receipt of task ${facts.taskId}: ${name}.`)
      return { event: { type: 'declined', reason: name } }
    }
  }

  const release: RunEffect = async (task, { signal }) => {
    const { state, facts } = task
    if (state.stage !== 'included') return null
    const stored = await store.run(state.run.digest)
    if (!stored) return { event: { type: 'unreleasable', reason: 'its run is not on disk' } }
    const minBlock = state.block + chain.facts.confirmations - 1
    const query: ContractQuery = { scAddr: facts.scAddr, taskIds: [facts.taskId] }
    const { nonce } = await views.open([query], Math.max(minBlock, chain.head().number), signal)
    try {
      const { receipt, result } = await enclave.call('release', { nonce, sealedRun: stored.sealedRun })
      return { event: { type: 'released' }, result: { receipt, signature: stored.signature, result } }
    } catch (error) {
      const reason = refusal(error)
      if (reason !== 'ENCLAVE_SEALED_RUN') throw error
      parts.alarm('RELEASE_FAILED', `The enclave does not open its own run of task ${facts.taskId}.`)
      return { event: { type: 'unreleasable', reason } }
    }
  }

  const refund: RunEffect = async task => {
    const { taskId } = task.facts
    const record = recordOf(task)
    if (record.settlement) return null
    const data = returnFeesData(taskId, record)
    const outcome = await sender.send({ id: `refund/${taskId}`, to: chain.facts.enigma, data })
    log.info(outcome.ok ? 'fee returned' : 'another worker returned the fee', { taskId, block: outcome.block })
    return null
  }

  return { prepare, run, submit, release, refund }
}
