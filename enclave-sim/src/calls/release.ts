import {
  TaskStatus,
  sealedRunContent,
  typedDigest,
  type ReleaseRequest,
  type ReleaseResponse,
  type SealedRunContent
} from '@enigma/protocol'
import { enclaveError } from '../errors.ts'
import { RUN_LABEL } from './run.ts'
import { workerOf, type Enclave } from './session.ts'

/** R8: gives the result of a run away once the chain has exactly its receipt, CONF blocks deep; after a failure on Ethereum, never. */
export function release(enclave: Enclave, { nonce, sealedRun }: ReleaseRequest): ReleaseResponse {
  const { identity, views, confirmations } = workerOf(enclave)
  const { receipt, result, log, trace } = openedRun(enclave, sealedRun)
  const view = views.get(nonce)
  const task = view.contracts.find(c => c.scAddr === receipt.scAddr)?.tasks.find(t => t.taskId === receipt.taskId)
  if (!task) throw notReleased('the view says nothing of its task')
  if (task.status !== (receipt.ok ? TaskStatus.ReceiptVerified : TaskStatus.ReceiptFailed)) {
    throw notReleased(`the status of its task is ${task.status}`)
  }
  if (task.receiptDigest !== typedDigest(identity.binding.domain, 'Receipt', receipt)) {
    throw notReleased('the chain accepted another receipt')
  }
  const found = view.block - task.receiptBlock + 1
  if (task.receiptBlock === 0 || found < confirmations) {
    throw notReleased(`it has ${Math.max(found, 0)} of ${confirmations} confirmations`)
  }
  return { receipt, result, log, trace }
}

function openedRun({ platform }: Enclave, sealedRun: Uint8Array): SealedRunContent {
  try {
    return sealedRunContent.decode(platform.unseal(RUN_LABEL, sealedRun))
  } catch (cause) {
    throw enclaveError('ENCLAVE_SEALED_RUN', 'The sealed run is damaged, or of another enclave.', cause)
  }
}

const notReleased = (why: string) => enclaveError('ENCLAVE_NOT_RELEASED', `The result stays sealed: ${why}.`)
