import type { Address, Hash, Hex } from '@enigma/protocol'
import { WorkerError } from '../errors.ts'
import { bloomMayHold } from './bloom.ts'
import { enigmaInterface } from './enigma-abi.ts'
import { headerOf, rawLogOf, toQuantity, type BlockHeader, type RawLog } from './quantities.ts'
import { ChainRpcError, type ChainRpc } from './rpc.ts'

/** Headers in order, and all events of Enigma in their blocks, in order. */
export interface Blocks {
  readonly headers: readonly BlockHeader[]
  readonly logs: readonly RawLog[]
}

/** Blocks and events as a node gives them, checked to be of one chain. */
export interface BlockSource {
  latest(): Promise<BlockHeader>
  header(block: number): Promise<BlockHeader | null>
  /** Headers of `from .. to`, each the parent of the next, and all events of Enigma in them. @throws CHAIN_INCONSISTENT */
  linked(from: number, to: number): Promise<Blocks>
  /** The same of one block whose header was given a moment ago. */
  ofBlock(header: BlockHeader): Promise<Blocks>
  /** As `linked`, for old blocks: only the headers of blocks with events, and that of `to`. */
  sparse(from: number, to: number): Promise<Blocks>
  /** All events of blocks that are given now, and of the recent ones those that were ever given. */
  again(from: number, to: number): Promise<readonly RawLog[]>
}

const inconsistent = (what: string): WorkerError =>
  new WorkerError({ code: 'CHAIN_INCONSISTENT', what }, `The chain changed while it was read: ${what}.`)

/** Blocks with events of which those that were seen are remembered: the 64 that are read with every header, and as many of another branch. */
const REMEMBERED_BLOCKS = 128
/** A block whose bloom filter speaks of events that the node did not give is asked for again. The filter errs now and then. */
const BLOOM_ATTEMPTS = 3
/** Headers that are asked for at a time, each over a connection of its own: nodes count them, and so does this machine. */
const HEADERS_AT_ONCE = 32
/** Old events are asked for until an answer brings nothing new, at most so often. */
const OLD_ATTEMPTS = 6

const inOrder = (logs: Iterable<RawLog>): RawLog[] =>
  [...logs].sort((a, b) => a.blockNumber - b.blockNumber || a.logIndex - b.logIndex)

const keyOf = ({ blockHash, logIndex }: RawLog): string => `${blockHash} ${logIndex}`

/** The topics that tell the events of Enigma apart. */
const TOPICS: readonly Hex[] = enigmaInterface.fragments
  .filter(fragment => fragment.type === 'event')
  .map(fragment => enigmaInterface.getEvent(fragment.format())!.topicHash as Hex)

/**
 * Events of recent blocks that were seen once. A node behind a load balancer may give fewer at one time than at another;
 * what it gave for a block's hash belongs to that block for good.
 */
class LogMemory {
  readonly #blocks = new Map<Hash, Map<number, RawLog>>()

  add(logs: readonly RawLog[]): void {
    for (const log of logs) {
      const known = this.#blocks.get(log.blockHash) ?? new Map<number, RawLog>()
      // An answer writes the block's hash out with every event.
      const { blockHash } = known.values().next().value ?? log
      this.#blocks.set(blockHash, known.set(log.logIndex, { ...log, blockHash }))
      if (this.#blocks.size > REMEMBERED_BLOCKS) this.#blocks.delete(this.#blocks.keys().next().value!)
    }
  }

  of(hashes: Iterable<Hash>): RawLog[] {
    return [...hashes].flatMap(hash => [...(this.#blocks.get(hash)?.values() ?? [])])
  }
}

export function createBlockSource(rpc: ChainRpc, enigma: Address): BlockSource {
  const memory = new LogMemory()

  async function header(block: number): Promise<BlockHeader | null> {
    return headerOf(await rpc.send('eth_getBlockByNumber', [toQuantity(block), false]))
  }
  async function logsOf(where: { fromBlock: string; toBlock: string } | { blockHash: Hash }): Promise<RawLog[]> {
    const found = await rpc.send('eth_getLogs', [{ address: enigma, ...where }], { divisible: !('blockHash' in where) })
    return (found as unknown[]).map(rawLogOf)
  }
  /** Nodes refuse questions with too many events, each with a bound of its own: half as many blocks are asked for from then on. */
  let span = Number.MAX_SAFE_INTEGER
  async function logsIn(from: number, to: number): Promise<RawLog[]> {
    const logs: RawLog[] = []
    for (let at = from; at <= to;) {
      const end = Math.min(to, at + span - 1)
      try {
        const found = await logsOf({ fromBlock: toQuantity(at), toBlock: toQuantity(end) })
        for (const log of found) logs.push(log)
        at = end + 1
      } catch (error) {
        if (!(error instanceof ChainRpcError) || end === at) throw error
        span = Math.ceil((end - at + 1) / 2)
      }
    }
    return logs
  }
  async function headersOf(numbers: readonly number[]): Promise<BlockHeader[]> {
    const found: BlockHeader[] = []
    let next = 0
    const askOneByOne = async (): Promise<void> => {
      while (next < numbers.length) {
        const i = next++
        try {
          const one = await header(numbers[i]!)
          if (!one) throw inconsistent(`block ${numbers[i]} is gone`)
          found[i] = one
        } catch (error) {
          next = numbers.length // the others need not go on
          throw error
        }
      }
    }
    await Promise.all(Array.from({ length: HEADERS_AT_ONCE }, askOneByOne))
    return found
  }
  function requireLogsOf(headers: readonly BlockHeader[], logs: readonly RawLog[]): void {
    const hashes = new Map(headers.map(h => [h.number, h.hash]))
    for (const log of logs) {
      if (hashes.get(log.blockNumber) !== log.blockHash) throw inconsistent(`events of block ${log.blockNumber}`)
    }
  }
  /** Whether the block's bloom filter speaks of an event of Enigma of a kind that is not among the logs. */
  function lacks({ hash, logsBloom }: BlockHeader, logs: readonly RawLog[]): boolean {
    if (logsBloom === null || !bloomMayHold(logsBloom, enigma)) return false
    const kinds = new Set(logs.filter(log => log.blockHash === hash).map(log => log.topics[0]))
    return TOPICS.some(topic => !kinds.has(topic) && bloomMayHold(logsBloom, topic))
  }
  async function completed(headers: readonly BlockHeader[], logs: readonly RawLog[]): Promise<RawLog[]> {
    memory.add(logs)
    for (const block of headers) {
      for (let tries = 1; tries < BLOOM_ATTEMPTS && lacks(block, memory.of([block.hash])); tries++) {
        memory.add((await logsOf({ blockHash: block.hash })).filter(log => log.blockHash === block.hash))
      }
    }
    return inOrder(memory.of(headers.map(block => block.hash)))
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
      const [headers, logs] = await Promise.all([headersOf(numbers), logsIn(from, to)])
      headers.slice(1).forEach((one, i) => {
        if (one.parentHash !== headers[i]!.hash) throw inconsistent(`block ${one.number} has another parent`)
      })
      requireLogsOf(headers, logs)
      return { headers, logs: await completed(headers, logs) }
    },
    async ofBlock(block) {
      const logs = await logsOf({ blockHash: block.hash }).catch((error: unknown) => {
        throw error instanceof ChainRpcError ? inconsistent(`block ${block.number} is gone`) : error
      })
      requireLogsOf([block], logs)
      return { headers: [block], logs: await completed([block], logs) }
    },
    async sparse(from, to) {
      const found = new Map<string, RawLog>()
      for (let tries = 0, added = 1; added > 0 && tries < OLD_ATTEMPTS; tries++) {
        const before = found.size
        for (const log of await logsIn(from, to)) found.set(keyOf(log), log)
        added = tries === 0 ? 1 : found.size - before
      }
      const logs = inOrder(found.values())
      const numbers = [...new Set([...logs.map(log => log.blockNumber), to])].sort((a, b) => a - b)
      const headers = await headersOf(numbers)
      requireLogsOf(headers, logs)
      return { headers, logs }
    },
    async again(from, to) {
      const logs = await logsIn(from, to)
      memory.add(logs)
      const found = new Map<string, RawLog>()
      for (const log of [...memory.of(new Set(logs.map(log => log.blockHash))), ...logs]) found.set(keyOf(log), log)
      return inOrder(found.values())
    }
  }
}
