import type { Address } from '@enigma/protocol'
import type { ChainRpc } from './rpc.ts'
import { headerOf, rawLogOf, toQuantity, type BlockHeader, type RawLog } from './quantities.ts'
import { WorkerError } from '../errors.ts'

/** Blocks and events as a node gives them, checked to be of one chain. */
export interface BlockSource {
  latest(): Promise<BlockHeader>
  header(block: number): Promise<BlockHeader | null>
  /** Headers of `from .. to`, each the parent of the next, and all events of Enigma in them. @throws CHAIN_INCONSISTENT */
  linked(from: number, to: number): Promise<{ headers: readonly BlockHeader[]; logs: readonly RawLog[] }>
  /** As `linked`, for old blocks: only the headers of blocks with events, and that of `to`. */
  sparse(from: number, to: number): Promise<{ headers: readonly BlockHeader[]; logs: readonly RawLog[] }>
}

const inconsistent = (what: string): WorkerError =>
  new WorkerError({ code: 'CHAIN_INCONSISTENT', what }, `The chain changed while it was read: ${what}.`)

export function createBlockSource(rpc: ChainRpc, enigma: Address): BlockSource {
  async function header(block: number): Promise<BlockHeader | null> {
    return headerOf(await rpc.send('eth_getBlockByNumber', [toQuantity(block), false]))
  }
  async function logsOf(from: number, to: number): Promise<RawLog[]> {
    const filter = { address: enigma, fromBlock: toQuantity(from), toBlock: toQuantity(to) }
    const logs = ((await rpc.send('eth_getLogs', [filter])) as unknown[]).map(rawLogOf)
    return logs.sort((a, b) => a.blockNumber - b.blockNumber || a.logIndex - b.logIndex)
  }
  async function headersOf(numbers: readonly number[]): Promise<BlockHeader[]> {
    const found = await Promise.all(numbers.map(header))
    return found.map((one, i) => {
      if (!one) throw inconsistent(`block ${numbers[i]} is gone`)
      return one
    })
  }
  function requireLogsOf(headers: readonly BlockHeader[], logs: readonly RawLog[]): void {
    const hashes = new Map(headers.map(h => [h.number, h.hash]))
    for (const log of logs) {
      if (hashes.get(log.blockNumber) !== log.blockHash) throw inconsistent(`events of block ${log.blockNumber}`)
    }
  }

  return {
    header,
    async latest() {
      const found = headerOf(await rpc.send('eth_getBlockByNumber', ['latest', false]))
      if (!found) throw inconsistent('there is no latest block')
      return found
    },
    async linked(from, to) {
      const numbers = Array.from({ length: to - from + 1 }, (_, i) => from + i)
      const [headers, logs] = await Promise.all([headersOf(numbers), logsOf(from, to)])
      headers.slice(1).forEach((one, i) => {
        if (one.parentHash !== headers[i]!.hash) throw inconsistent(`block ${one.number} has another parent`)
      })
      requireLogsOf(headers, logs)
      return { headers, logs }
    },
    async sparse(from, to) {
      const logs = await logsOf(from, to)
      const numbers = [...new Set([...logs.map(log => log.blockNumber), to])].sort((a, b) => a - b)
      const headers = await headersOf(numbers)
      requireLogsOf(headers, logs)
      return { headers, logs }
    }
  }
}
