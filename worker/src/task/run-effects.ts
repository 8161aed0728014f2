import { TaskStatus, ZERO_HASH, toHex, typedDigest } from '@enigma/protocol'
import type { ContractQuery, ContractView, Domain, Hash, TaskId } from '@enigma/protocol'
import { WorkerError, refusal } from '../errors.ts'
import { recordOf, type EffectParts, type RunEffect } from './effect-types.ts'
import { orderFrom, type Unsettled } from './lane.ts'
import type { Task } from './machine.ts'
import { runRefOf } from './run-ref.ts'
import { untilIndexed } from './views.ts'

/** Nothing was signed, and another try would end the same way. */
export const DECLINES: readonly string[] = ['INPUT_NOT_FOR_SEAT', 'ENCLAVE_INPUT_MISMATCH', 'ENCLAVE_BAD_REQUEST']
/** How long a later seat waits for the block after a task's record before it accepts. */
const LATER_SEAT_MS = 1_500
/** The enclave's own trouble with a run, not the network's. */
const RUN_FAILURES = /^(WASM_|ENCLAVE_INTERNAL|ENCLAVE_FULL)/

/** What a seat does before anything is sent: `prepare` brings the enclave's acceptance, `run` its receipt. */
export function createRunEffects(parts: EffectParts): { readonly prepare: RunEffect; readonly run: RunEffect } {
  const { chain, enclave, views, feed, envelopes } = parts
  const domain: Domain = chain.facts

  async function envelopeOf({ facts }: Task): Promise<Uint8Array> {
    const envelope = await envelopes.get(facts.inputHash)
    if (envelope) return envelope
    throw new WorkerError({ code: 'TASK_UNKNOWN', taskId: facts.taskId }, 'The input of the task is not here.')
  }

  /** A fresh view of the task and of others of its contract, with code and state brought up to it. */
  async function ready(
    { facts }: Task,
    others: readonly TaskId[],
    minBlock: number,
    signal: AbortSignal
  ): Promise<{ nonce: Hash; contract: ContractView }> {
    const query: ContractQuery = { scAddr: facts.scAddr, taskIds: [facts.taskId, ...others] }
    const { nonce, view } = await views.open([query], minBlock, signal)
    const contract = view.contracts.find(one => one.scAddr === facts.scAddr)!
    await feed.bring(facts.scAddr, contract.codeHash, contract.deltaCount, signal)
    return { nonce, contract }
  }

  /**
   * A later seat leaves the first one the machine and the principal until the record's next block: most tasks are settled then, and
   * it accepts only what is not. Its own window is far.
   */
  async function letFirstSeat({ facts }: Task, signal: AbortSignal): Promise<boolean> {
    if (facts.seat === 0) return false
    await untilIndexed(chain, facts.recordBlock + 1, LATER_SEAT_MS, signal).catch(() => undefined)
    signal.throwIfAborted()
    return Boolean(chain.task(facts.taskId)?.settlement)
  }

  const prepare: RunEffect = async (task, { signal }) => {
    if (await letFirstSeat(task, signal)) return null
    const envelope = await envelopeOf(task)
    const { nonce } = await ready(task, [], task.facts.recordBlock, signal)
    try {
      const { recordBlock, signature } = await enclave.call('accept', { nonce, taskId: task.facts.taskId, envelope })
      return { event: { type: 'accepted', accepted: { recordBlock, signature: toHex(signature) } } }
    } catch (error) {
      const reason = refusal(error)
      if (reason !== null && DECLINES.includes(reason)) return { event: { type: 'declined', reason } }
      if (reason === 'ENCLAVE_CODE_MISSING') feed.forgetCode(recordOf(chain, task).codeHash)
      throw error
    }
  }

  /** R7: the runs that this one builds on, as the view has the chain. What changed nothing is no step on the way. */
  function aheadOf({ headHash, tasks }: ContractView, own: readonly Unsettled[]): TaskId[] {
    const open = new Set(tasks.filter(task => task.status === TaskStatus.RecordCreated).map(({ taskId }) => taskId))
    return orderFrom(
      headHash,
      own.filter(({ facts }) => open.has(facts.taskId))
    )
      .filter(({ state }) => state.run.deltaHash !== ZERO_HASH)
      .map(({ facts }) => facts.taskId)
  }

  const run: RunEffect = async (task, { signal, unsettled }) => {
    const envelope = await envelopeOf(task)
    const { taskId } = task.facts
    const own = unsettled()
    const others = own.map(({ facts }) => facts.taskId)
    const { nonce, contract } = await ready(task, others, chain.head().number, signal)
    const after = aheadOf(contract, own)
    try {
      const answer = await enclave.call('run', { nonce, taskId, envelope, after })
      const { receipt, signature, delta, callbackData, sealedRun } = answer
      const digest = typedDigest(domain, 'Receipt', receipt)
      return {
        event: { type: 'ran', run: runRefOf(digest, receipt) },
        run: { digest, run: { receipt, signature, delta, callbackData, sealedRun } }
      }
    } catch (error) {
      const reason = refusal(error)
      if (reason !== null && DECLINES.includes(reason)) return { event: { type: 'declined', reason } }
      if (reason === 'ENCLAVE_CODE_MISSING') feed.forgetCode(recordOf(chain, task).codeHash)
      const timedOut = error instanceof WorkerError && error.code === 'WORKER_ENCLAVE_TIMEOUT'
      if (!timedOut && !(reason !== null && RUN_FAILURES.test(reason))) throw error
      parts.alarm('RUN_FAILED', `A run of task ${taskId} signed nothing: ${reason ?? 'no answer in time'}.`)
      return { event: { type: 'run-failed', reason: reason ?? 'timeout', block: chain.head().number } }
    }
  }

  return { prepare, run }
}
