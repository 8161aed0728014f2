import { TaskStatus, ZERO_ADDRESS, ZERO_HASH, chainViewCodec, equalBytes } from '@enigma/protocol'
import type { ChainView, ContractQuery, ContractView, EpochInfo, Hash, TaskId, TaskView } from '@enigma/protocol'
import type { ChainHead, ChainReader } from './reader.ts'
import { WorkerError } from '../errors.ts'

/** What a view is made from, as it stood in one block. */
export type ViewSource = Pick<ChainReader, 'facts' | 'epoch' | 'currentEpoch' | 'contract' | 'task'>

function epochAt(chain: ViewSource, block: number): EpochInfo | null {
  let epoch = chain.currentEpoch()
  while (epoch && epoch.startBlock > block) epoch = chain.epoch(epoch.epoch - 1)
  return epoch
}

const noTask = (taskId: TaskId): TaskView => ({
  taskId,
  kind: 0,
  sender: ZERO_ADDRESS,
  inputHash: ZERO_HASH,
  gasLimit: 0n,
  epoch: 0,
  generation: 0,
  recordBlock: 0,
  recordTime: 0,
  status: TaskStatus.RecordUndefined,
  receiptBlock: 0,
  receiptDigest: ZERO_HASH
})

function taskAt(chain: ViewSource, taskId: TaskId, block: number): TaskView {
  const task = chain.task(taskId)
  if (!task || task.recordBlock > block) return noTask(taskId)
  const settled = task.settlement && task.settlement.block <= block ? task.settlement : null
  const receipt = settled && settled.status !== TaskStatus.ReceiptFailedReturn ? settled : null
  const { kind, sender, inputHash, gasLimit, epoch, recordBlock, recordTime } = task
  return {
    taskId,
    kind,
    sender,
    inputHash,
    gasLimit,
    epoch,
    generation: chain.epoch(epoch)?.generation ?? 0,
    recordBlock,
    recordTime,
    status: settled?.status ?? TaskStatus.RecordCreated,
    receiptBlock: receipt?.block ?? 0,
    receiptDigest: receipt?.digest ?? ZERO_HASH
  }
}

function contractAt(chain: ViewSource, query: ContractQuery, block: number): ContractView {
  const contract = chain.contract(query.scAddr)
  const deployed = contract && contract.deployedBlock <= block ? contract : null
  // Before deployment, the code is that of the deployment's record: its taskId is the contract's address.
  const record = chain.task(query.scAddr as string as TaskId)
  const recorded = record && record.recordBlock <= block ? record.codeHash : ZERO_HASH
  const steps = deployed?.steps ?? []
  let count = steps.length
  while (count > 0 && steps[count - 1]!.block > block) count--
  return {
    scAddr: query.scAddr,
    codeHash: deployed?.codeHash ?? recorded,
    deltaCount: count,
    headHash: count === 0 ? ZERO_HASH : steps[count - 1]!.headHash,
    tasks: query.taskIds.map(id => taskAt(chain, id, block))
  }
}

/** The ChainView of R5, as this index has it for a block that is not above its head. What is unknown stands there with zeros. */
export function viewAt(chain: ViewSource, nonce: Hash, at: ChainHead, contracts: readonly ContractQuery[]): ChainView {
  const epoch = epochAt(chain, at.number)
  return {
    nonce,
    block: at.number,
    blockHash: at.hash,
    time: at.time,
    epoch: epoch?.epoch ?? 0,
    epochStart: epoch?.startBlock ?? 0,
    previousEnd: epoch ? epoch.startBlock + chain.facts.grace : 0,
    generation: epoch?.generation ?? 0,
    contracts: contracts.map(query => contractAt(chain, query, at.number))
  }
}

/**
 * R5: a host compares every ChainView with its own chain and drops one that differs.
 *
 * @throws VIEW_MISMATCH
 */
export function requireSameView(
  chain: ViewSource & Pick<ChainReader, 'block'>,
  view: ChainView,
  asked: { readonly nonce: Hash; readonly contracts: readonly ContractQuery[] }
): void {
  const at = chain.block(view.block)
  if (
    at &&
    equalBytes(chainViewCodec.encode(viewAt(chain, asked.nonce, at, asked.contracts)), chainViewCodec.encode(view))
  )
    return
  throw new WorkerError(
    { code: 'VIEW_MISMATCH', block: view.block },
    `The principal's view of block ${view.block} differs from this worker's own chain.`,
    { hint: 'If this stays, this worker and the principal follow different chains, or one of their nodes lies.' }
  )
}
