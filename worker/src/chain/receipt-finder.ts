import {
  TaskStatus,
  ZERO_ADDRESS,
  ZERO_HASH,
  address,
  hash,
  scAddr,
  taskId,
  typedDigest,
  type Receipt
} from '@enigma/protocol'
import { enigmaInterface } from './enigma-abi.ts'
import { toQuantity } from './quantities.ts'
import type { ChainReader, ChainTask } from './reader.ts'
import type { ChainRpc } from './rpc.ts'

/** Finds the receipt that settled a task: the chain's events tell its digest, not all of it. */
export type FindReceipt = (task: ChainTask) => Promise<Receipt | null>

type Fields = Record<string, unknown>

const receiptOf = (f: Fields): Receipt => ({
  taskId: taskId(String(f['taskId'])),
  scAddr: scAddr(String(f['scAddr'])),
  kind: Number(f['kind']),
  ok: f['ok'] === true,
  reason: Number(f['reason']),
  codeHash: hash(String(f['codeHash'])),
  inputHash: hash(String(f['inputHash'])),
  gasLimit: f['gasLimit'] as bigint,
  epoch: Number(f['epoch']),
  recordBlock: Number(f['recordBlock']),
  recordTime: Number(f['recordTime']),
  prevHead: hash(String(f['prevHead'])),
  deltaHash: hash(String(f['deltaHash'])),
  outputHash: hash(String(f['outputHash'])),
  gasUsed: f['gasUsed'] as bigint,
  callbackTarget: address(String(f['callbackTarget'])),
  callbackDataHash: hash(String(f['callbackDataHash'])),
  callbackGas: Number(f['callbackGas'])
})

/** The receipts that a transaction to Enigma carries; none if it is another call, or garbage. */
function receiptsIn(data: string): Receipt[] {
  try {
    const call = enigmaInterface.parseTransaction({ data })
    switch (call?.name) {
      case 'commitReceipt':
        return [receiptOf(call.args[0] as Fields)]
      case 'commitReceiptWithCallback':
        return [receiptOf((call.args[0] as { receipt: Fields }).receipt)]
      case 'commitReceipts':
        return [...(call.args[0] as Iterable<{ receipt: Fields }>)].map(item => receiptOf(item.receipt))
      default:
        return []
    }
  } catch {
    return []
  }
}

/**
 * Looks into the transactions of the block that settled the task. One that came through another contract is put together from events and
 * heads instead, which only a receipt with a callback resists. Whatever is found has the digest that the chain has.
 */
export function createReceiptFinder(rpc: ChainRpc, chain: Pick<ChainReader, 'facts' | 'contract'>): FindReceipt {
  const { facts } = chain

  /** Every head that the contract had up to the block: a receipt without a delta may stand on any of its block's. */
  function* candidates(task: ChainTask): Iterable<Receipt> {
    const { settlement } = task
    if (!settlement) return
    const steps = chain.contract(task.scAddr)?.steps ?? []
    const heads = [ZERO_HASH, ...steps.filter(step => step.block <= settlement.block).map(step => step.headHash)]
    for (const prevHead of heads.reverse()) {
      const { taskId, scAddr, kind, codeHash, inputHash, gasLimit, epoch, recordBlock, recordTime } = task
      const { reason, deltaHash, outputHash, gasUsed, status } = settlement
      const ok = status === TaskStatus.ReceiptVerified
      const record = { taskId, scAddr, kind, inputHash, gasLimit, epoch, recordBlock, recordTime }
      const run = { ok, reason, prevHead, deltaHash, outputHash, gasUsed }
      const code = codeHash === ZERO_HASH ? (chain.contract(scAddr)?.codeHash ?? ZERO_HASH) : codeHash
      const none = { callbackTarget: ZERO_ADDRESS, callbackDataHash: ZERO_HASH, callbackGas: 0 }
      yield { ...record, ...run, codeHash: code, ...none }
    }
  }

  return async task => {
    if (!task.settlement) return null
    const { digest, block } = task.settlement
    const isIt = (receipt: Receipt): boolean => typedDigest(facts, 'Receipt', receipt) === digest
    const found = (await rpc.send('eth_getBlockByNumber', [toQuantity(block), true])) as {
      transactions?: { to: string | null; input: string }[]
    } | null
    for (const { to, input } of found?.transactions ?? []) {
      if (to?.toLowerCase() !== facts.enigma) continue
      const receipt = receiptsIn(input).find(isIt)
      if (receipt) return receipt
    }
    for (const receipt of candidates(task)) if (isIt(receipt)) return receipt
    return null
  }
}
