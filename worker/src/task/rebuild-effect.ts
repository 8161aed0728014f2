import { ZERO_HASH, typedDigest, type Hash, type ScAddr } from '@enigma/protocol'
import { WorkerError, refusal } from '../errors.ts'
import { recordOf, type EffectParts, type Outcome, type RunEffect } from './effect-types.ts'
import { DECLINES } from './run-effects.ts'
import { runRefOf } from './run-ref.ts'

const given = (reason: string): Outcome => ({ event: { type: 'unrebuildable', reason } })

/**
 * R10: runs a task again whose receipt the chain has, because nobody hands out its delta or its output. Every seat comes to the same
 * bytes (R6); the delta goes to the other workers, and the result is released like any other.
 */
export function createRebuild(parts: EffectParts): RunEffect {
  const { chain, enclave, views, feed, envelopes, sync, content, findReceipt, log } = parts

  /** Deltas before a head. Null: the contract's history does not have it, after a reorg. */
  function placeOf(scAddr: ScAddr, head: Hash): number | null {
    if (head === ZERO_HASH) return 0
    const index = chain.contract(scAddr)?.steps.findIndex(step => step.headHash === head) ?? -1
    return index === -1 ? null : index + 1
  }

  return async (task, { signal }) => {
    const { taskId, scAddr, inputHash } = task.facts
    const envelope = await envelopes.get(inputHash)
    if (!envelope) return given('its input is not here any more')
    const receipt = await findReceipt(recordOf(chain, task))
    if (!receipt) return given('its receipt is not found on chain')
    const place = placeOf(scAddr, receipt.prevHead)
    if (place === null) {
      throw new WorkerError({ code: 'CHAIN_INCONSISTENT', what: 'head of a receipt' }, 'The index lacks a head.')
    }
    const { nonce } = await views.open([{ scAddr, taskIds: [taskId] }], chain.head().number, signal)
    try {
      const rerun = () => enclave.call('rerun', { nonce, taskId, envelope, receipt })
      const answer = await feed.at(scAddr, receipt.codeHash, place, signal, rerun)
      const digest = typedDigest(chain.facts, 'Receipt', receipt)
      const bytecode = place === 0 ? await content.getBytecode(receipt.codeHash) : null
      if (answer.delta) await sync.push(answer.delta, bytecode)
      log.info('a lost run was rebuilt', { taskId, deltaHash: receipt.deltaHash })
      return {
        event: { type: 'rebuilt', run: runRefOf(digest, receipt) },
        run: { digest, run: answer }
      }
    } catch (error) {
      const reason = refusal(error)
      if (reason === 'ENCLAVE_RERUN_DIFFERS') {
        parts.alarm('RERUN_DIFFERS', `A second run of task ${taskId} came to another receipt than the one on chain.`)
        return given(reason)
      }
      if (reason !== null && (DECLINES.includes(reason) || reason === 'ENCLAVE_TASK_NOT_SETTLED')) return given(reason)
      if (reason === 'ENCLAVE_CODE_MISSING') feed.forgetCode(receipt.codeHash)
      throw error
    }
  }
}
