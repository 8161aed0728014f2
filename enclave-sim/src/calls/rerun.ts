import { TaskStatus, typedDigest, type RerunRequest, type RunResponse } from '@enigma/protocol'
import { enclaveError } from '../errors.ts'
import { execute, signed } from './run.ts'
import { workerOf, type Enclave } from './session.ts'
import { findTask, placed, requireSound } from './task.ts'

/**
 * R10: runs a settled task once more, because its delta or its output is lost. The loaded state must be the one that the receipt
 * starts from, and the run must come to exactly that receipt.
 *
 * @throws ENCLAVE_TASK_NOT_SETTLED, ENCLAVE_STATE_NOT_AT_HEAD, ENCLAVE_RERUN_DIFFERS, and what a run throws
 */
export async function rerun(enclave: Enclave, request: RerunRequest): Promise<RunResponse> {
  const parts = workerOf(enclave)
  const { taskId, receipt } = request
  const { contract } = findTask(parts.views.get(request.nonce), taskId)
  return await parts.lanes.run(contract.scAddr, async () => {
    const view = parts.views.get(request.nonce)
    const { task } = findTask(view, taskId)
    const digest = typedDigest(parts.identity.binding.domain, 'Receipt', receipt)
    if (task.status !== TaskStatus.ReceiptVerified && task.status !== TaskStatus.ReceiptFailed) {
      throw notSettled(`its status is ${task.status}`)
    }
    if (task.receiptDigest !== digest) throw notSettled('the chain accepted another receipt')
    const state = parts.states.get(contract.scAddr)
    if (state.headHash !== receipt.prevHead) {
      throw enclaveError('ENCLAVE_STATE_NOT_AT_HEAD', 'The state loaded is not the one that the receipt starts from.')
    }
    requireSound(view, contract, task, state)
    const outcome = await execute(enclave, parts, placed(parts, contract, task, request.envelope, state))
    if (typedDigest(parts.identity.binding.domain, 'Receipt', outcome.receipt) !== digest) {
      enclave.log('error', 'rerun-differs', { taskId, scAddr: contract.scAddr, codeHash: contract.codeHash })
      throw enclaveError('ENCLAVE_RERUN_DIFFERS', 'The run came to another receipt than the one on chain.')
    }
    return signed(enclave, parts, outcome)
  })
}

const notSettled = (why: string) =>
  enclaveError('ENCLAVE_TASK_NOT_SETTLED', `The chain does not have this receipt of the task: ${why}.`)
