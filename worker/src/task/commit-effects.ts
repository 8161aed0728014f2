import { TaskKind, type ContractQuery, type TaskId } from '@enigma/protocol'
import { returnFeesData, type CommitItem } from '../chain/calls.ts'
import { WorkerError, refusal } from '../errors.ts'
import { SkipReason, type Committed } from './committer.ts'
import { recordOf, type EffectParts, type Outcome, type RunEffect } from './effect-types.ts'
import type { Task } from './machine.ts'
import type { StoredRun } from './task-store.ts'
import { untilIndexed } from './views.ts'

/** A receipt that misses its block costs a block, a result that waits for it so long at most. */
const RESULT_WAITS_MS = 300

/** For this node's chain to tell who returned a fee, if its own transaction did not. */
const REFUND_WAITS_MS = 3_000

/** Reverts after which the receipt may still be made good by a new run. */
const STALE: readonly string[] = ['EnigmaStaleHead', 'EnigmaReceiptMismatch', 'EnigmaNothingApplied']
/** Reverts that pass by themselves: the index will tell that the task is settled, or the next block opens the window. */
const PASSING: readonly string[] = ['EnigmaTaskNotOpen', 'EnigmaOutsideWindow', 'EnigmaDeadlineNotPassed', 'superseded']

const revert = (error: unknown): string | null =>
  error instanceof WorkerError && error.facts.code === 'TX_REVERTED' ? error.facts.error : null

/** What a seat does once it has a receipt: `submit` brings it to the chain, `release` gives its result away, `refund` ends what nobody settled. */
export function createCommitEffects(parts: EffectParts): Readonly<Record<'submit' | 'release' | 'refund', RunEffect>> {
  const { chain, enclave, views, store, content, sync, sender, committer, precedence, log } = parts

  async function pushDelta({ receipt, delta }: StoredRun): Promise<void> {
    if (!delta) return
    const bytecode = receipt.kind === TaskKind.deploy ? await content.getBytecode(receipt.codeHash) : null
    const { acks } = await sync.push(delta, bytecode ?? undefined)
    const others = await acks // at most 300 ms; the push itself goes on
    log.debug('delta pushed', { scAddr: receipt.scAddr, deltaHash: receipt.deltaHash, acknowledged: others })
  }

  function commitItemOf(task: Task, seat: number, stored: StoredRun): CommitItem | null {
    const { epoch, scAddr } = task.facts
    const proof = chain.seatProof(epoch, scAddr, seat)
    return proof && { ...stored, task: recordOf(chain, task), seat, proof }
  }

  const submit: RunEffect = async (task, { signal, tell, unsettled, coming }) => {
    const { state, facts } = task
    if (!('run' in state) || facts.seat === null) return null
    const { digest } = state.run
    const stored = await store.run(digest)
    if (!stored) return stale(chain.head().number)
    await pushDelta(stored)
    signal.throwIfAborted()
    const item = commitItemOf(task, facts.seat, stored)
    if (!item) return { event: { type: 'declined', reason: 'the stake tree of its epoch is not known' } }
    const told: Promise<void>[] = []
    try {
      const committed = await committer.commit({
        digest,
        item,
        signal,
        unsettled,
        coming,
        onSigned() {
          parts.reachSigned()
          told.push(tell({ type: 'signed' }))
        }
      })
      await Promise.all(told)
      return after(facts.taskId, committed)
    } catch (error) {
      const name = revert(error)
      if (name === null || PASSING.includes(name)) throw error
      if (STALE.includes(name)) return stale(chain.head().number + 1) // what overtook it may still wait for its block
      return refused(facts.taskId, name)
    }
  }

  const stale = (notBefore: number): Outcome => ({ event: { type: 'stale', notBefore } })

  function refused(taskId: TaskId, reason: string): Outcome {
    parts.alarm('RECEIPT_REFUSED', `The contract refuses the receipt of task ${taskId}: ${reason}.`)
    return { event: { type: 'declined', reason } }
  }

  function after(taskId: TaskId, { ok, block, skipped }: Committed): Outcome | null {
    if (ok && skipped === SkipReason.none) {
      log.info('receipt included', { taskId, block })
      return null
    }
    log.info('receipt came too late', { taskId, block, skipped })
    if (skipped === SkipReason.banned) return refused(taskId, 'EnigmaSignerBanned')
    // Closed: the index tells by what. Only in the wrong window is the receipt itself still good.
    if (skipped === SkipReason.closed) return null
    if (skipped === SkipReason.window) {
      throw new WorkerError(
        { code: 'TX_REVERTED', error: 'EnigmaOutsideWindow' },
        'The receipt came outside its window.'
      )
    }
    return stale(block)
  }

  const release: RunEffect = async (task, { signal }) => {
    const { state, facts } = task
    if (state.stage !== 'included') return null
    await precedence.giveWay(RESULT_WAITS_MS, signal)
    signal.throwIfAborted()
    const stored = await store.run(state.run.digest)
    if (!stored) return { event: { type: 'unreleasable', reason: 'its run is not on disk' } }
    const minBlock = state.block + chain.facts.confirmations - 1
    const query: ContractQuery = { scAddr: facts.scAddr, taskIds: [facts.taskId] }
    const { nonce } = await views.open([query], Math.max(minBlock, chain.head().number), signal)
    try {
      const released = await enclave.call('release', { nonce, sealedRun: stored.sealedRun })
      return { event: { type: 'released' }, result: { ...released, signature: stored.signature } }
    } catch (error) {
      const reason = refusal(error)
      if (reason !== 'ENCLAVE_SEALED_RUN') throw error
      parts.alarm('RELEASE_FAILED', `The enclave does not open its own run of task ${facts.taskId}.`)
      return { event: { type: 'unreleasable', reason } }
    }
  }

  const refund: RunEffect = async (task, { signal }) => {
    const { taskId } = task.facts
    const record = recordOf(chain, task)
    if (record.settlement) return null
    const data = returnFeesData(taskId, record)
    const outcome = await sender.send({ id: `refund/${taskId}`, to: chain.facts.enigma, data })
    log.info(outcome.ok ? 'fee returned' : 'the fee was not returned by this worker', { taskId, block: outcome.block })
    if (outcome.ok) return null
    await untilIndexed(chain, outcome.block, REFUND_WAITS_MS, signal)
    if (recordOf(chain, task).settlement) return null // another worker was first
    throw new WorkerError({ code: 'TX_REVERTED', error: 'unknown' }, 'The transaction that returns the fee failed.')
  }

  return { submit, release, refund }
}
