import type { Logger } from '../ops/log.ts'
import { WorkerError } from '../errors.ts'
import { decodeEvent } from './events.ts'
import { KEPT_HEADERS, headOf, type IndexStore, type StoredBlock } from './index-store.ts'
import { Projection } from './projection.ts'
import type { Blocks, BlockSource } from './block-source.ts'
import type { BlockHeader } from './quantities.ts'
import type { ChainEvent, ChainHead, ChainReader, NetworkFacts } from './reader.ts'

export interface IndexerParts {
  readonly source: BlockSource
  readonly store: IndexStore
  readonly facts: NetworkFacts
  readonly log: Logger
  readonly alarm?: (code: string, message: string) => void
}

/** Blocks below the chain's head that are read with every header; older ones are taken to be settled. */
const LINKED_DEPTH = 64
/** Blocks of one request for old events at most, and at first. */
const RANGE = 2_000
const FIRST_RANGE = 64
/** Old events that are wanted at a time: a kilobyte each on the wire, and several while they are read. */
const RANGE_EVENTS = 500
/** Events are asked for once more when their block is so deep: a node may have left some out at first. */
const SCAN_DEPTHS = [2, 12]

/** Whether the newest block is the cursor's, or the next one: then nothing has changed below. */
const continues = ({ number, hash }: ChainHead, latest: BlockHeader): boolean =>
  latest.number === number ? latest.hash === hash : latest.number === number + 1 && latest.parentHash === hash

/** The past of a busy network comes in small portions, and that of a quiet one soon in large ones. */
const nextRange = (blocks: number, events: number): number => {
  const fitting = Math.floor((blocks * RANGE_EVENTS) / Math.max(1, events))
  return Math.max(1, Math.min(fitting, 4 * blocks, RANGE))
}

/**
 * Follows Enigma's events from its deployment on, into a projection in memory with the raw events on disk.
 *
 * A reorg is noticed when the block at the index's head, or a parent on the way, has another hash than the one indexed:
 * everything above the common block is forgotten and read again.
 */
export class Indexer implements ChainReader {
  readonly facts: NetworkFacts
  readonly #parts: IndexerParts
  #projection: Projection
  #cursor: ChainHead | null = null
  readonly #headers = new Map<number, ChainHead>()
  /** For each scan depth the last block that was scanned. */
  #scanned: number[] | null = null
  /** Blocks of the next request for old events: as many as brought about RANGE_EVENTS the last time. */
  #range = FIRST_RANGE
  /** How many blocks before a contradiction are looked at next for what is missing. */
  #missingDepth = LINKED_DEPTH
  readonly #listeners = new Set<(event: ChainEvent) => void>()

  constructor(parts: IndexerParts) {
    this.#parts = parts
    this.facts = parts.facts
    this.#projection = this.#fresh()
  }

  #fresh(): Projection {
    return new Projection({ chainId: this.facts.chainId, enigma: this.facts.enigma }, this.#parts.alarm)
  }

  /** Rebuilds the projection from disk. Call once, before `advance`. */
  async load(): Promise<void> {
    const { store, log, alarm } = this.#parts
    this.#projection = this.#fresh()
    this.#headers.clear()
    if (!(await store.isWhole())) {
      const message = 'The index of the chain was damaged on disk; it is read again from the chain.'
      log.warn(message)
      alarm?.('INDEX_DAMAGED', message)
      await store.truncate(null)
    }
    this.#cursor = await this.#parts.store.cursor()
    for (const header of await this.#parts.store.headers()) this.#headers.set(header.number, header)
    for await (const block of this.#parts.store.blocks()) this.#applyBlock(block)
  }

  /** Reads until the index has reached the chain's head, and looks for what was left out. At any time, but not twice at once. */
  async advance(signal?: AbortSignal): Promise<void> {
    do await this.catchUp(signal)
    while (await this.#findsGap())
  }

  /** The first half of `advance`: what a new block brought, and nothing else. */
  async catchUp(signal?: AbortSignal): Promise<void> {
    const { source, store } = this.#parts
    for (;;) {
      signal?.throwIfAborted()
      const latest = await source.latest()
      if (this.#cursor && !continues(this.#cursor, latest)) await this.#returnToCommonBlock(latest.number)
      const from = this.#cursor ? this.#cursor.number + 1 : this.facts.deploymentBlock
      if (from > latest.number) return
      const settled = latest.number - LINKED_DEPTH
      const linked = from > settled
      const to = linked ? latest.number : Math.min(from + this.#range - 1, settled)
      const { headers, logs } = await this.#read(from, to, linked, latest)
      if (!linked) this.#range = nextRange(to - from + 1, logs.length)
      const first = headers[0]!
      if (linked && this.#cursor && first.parentHash !== this.#cursor.hash) continue // moved meanwhile: look again
      const byBlock = Map.groupBy(logs, entry => entry.blockNumber)
      const blocks: StoredBlock[] = headers.map(header => ({
        ...headOf(header),
        logs: (byBlock.get(header.number) ?? []).map(({ topics, data, logIndex }) => ({ topics, data, logIndex }))
      }))
      await store.append(
        blocks.filter(block => block.logs.length > 0),
        headers.map(headOf)
      )
      for (const block of blocks) {
        const events = this.#applyBlock(block)
        this.#moveCursor(headOf(block))
        for (const event of events) this.#emit(event)
        this.#emit({ type: 'head', head: headOf(block), more: block.number < latest.number })
      }
      if (to === latest.number) return // what came meanwhile is told of
    }
  }

  #read(from: number, to: number, linked: boolean, latest: BlockHeader): Promise<Blocks> {
    const { source } = this.#parts
    if (!linked) return source.sparse(from, to)
    return from === to ? source.ofBlock(latest) : source.linked(from, to)
  }

  #moveCursor(head: ChainHead): void {
    this.#cursor = head
    this.#headers.set(head.number, head)
    if (this.#headers.size > 2 * KEPT_HEADERS) {
      const lowest = head.number - KEPT_HEADERS
      for (const number of this.#headers.keys()) if (number < lowest) this.#headers.delete(number)
    }
  }

  /** Where index and chain last agree becomes the index's head again. */
  async #returnToCommonBlock(latest: number): Promise<void> {
    const { source, log } = this.#parts
    const cursor = this.#cursor!
    const same = async (header: ChainHead): Promise<boolean> =>
      header.number <= latest && (await source.header(header.number))?.hash === header.hash
    if (await same(cursor)) return
    const known = [...this.#headers.values()].filter(h => h.number < cursor.number).sort((a, b) => b.number - a.number)
    let common: ChainHead | null = null
    for (const header of known) {
      if (await same(header)) {
        common = header
        break
      }
    }
    if (!common) await this.#requireSameDeployment()
    log.warn('the chain was reorganised; blocks are read again', {
      from: cursor.number,
      to: common?.number ?? this.facts.deploymentBlock - 1
    })
    await this.#returnTo(common)
  }

  async #returnTo(block: ChainHead | null): Promise<void> {
    const to = block?.number ?? this.facts.deploymentBlock - 1
    await this.#parts.store.truncate(block)
    await this.load()
    this.#scanned = this.#scanned?.map(scanned => Math.min(scanned, to)) ?? null
    this.#emit({ type: 'rollback', to })
  }

  /** Looks for events that were left out when their block was read; goes back to before the first one. */
  async #findsGap(): Promise<boolean> {
    const { inconsistentAt } = this.#projection
    if (inconsistentAt !== null && (await this.#findsMissing(inconsistentAt))) return true
    const latest = this.head().number
    this.#scanned ??= SCAN_DEPTHS.map(() => Math.max(this.facts.deploymentBlock - 1, latest - LINKED_DEPTH))
    for (const [i, depth] of SCAN_DEPTHS.entries()) {
      const from = this.#scanned[i]! + 1
      const to = latest - depth
      if (from > to) continue
      this.#scanned[i] = to
      if (await this.#findsMore(from, to)) return true
    }
    return false
  }

  /**
   * The events contradict each other, so some of them are missing for certain. Twice as many blocks are read again at each look, since nobody
   * knows how old the missing one is; and all over again after the last one, since the node may still leave it out.
   */
  async #findsMissing(inconsistentAt: number): Promise<boolean> {
    const { deploymentBlock } = this.facts
    const lowest = Math.max(deploymentBlock, inconsistentAt - this.#missingDepth)
    for (let to = this.#cursor!.number; to >= lowest; to -= RANGE) {
      if (await this.#findsMore(Math.max(lowest, to - RANGE + 1), to)) {
        this.#missingDepth = LINKED_DEPTH
        return true
      }
    }
    this.#missingDepth = lowest === deploymentBlock ? LINKED_DEPTH : this.#missingDepth * 2
    return false
  }

  /** Whether the node tells of events in these blocks that the index does not have; then it is before the first of them afterwards. */
  async #findsMore(from: number, to: number): Promise<boolean> {
    const { source, store, log, alarm } = this.#parts
    for (const { blockNumber, blockHash, logIndex } of await source.again(from, to)) {
      const stored = await store.block(blockNumber)
      const known = stored?.hash ?? this.blockHash(blockNumber) // null: too old to be remembered, and to be moved
      const isOurs = known === blockHash || (known === null && blockNumber <= this.#cursor!.number - KEPT_HEADERS)
      if (!isOurs || stored?.logs.some(one => one.logIndex === logIndex)) continue // moved: seen at the next look
      const message = `An event of block ${blockNumber} had been left out by the Ethereum node; blocks are read again.`
      log.warn(message)
      alarm?.('LOGS_WITHHELD', message)
      await this.#returnTo(await this.#before(blockNumber))
      return true
    }
    return false
  }

  async #before(block: number): Promise<ChainHead | null> {
    if (block <= this.facts.deploymentBlock) return null
    const kept = this.#headers.get(block - 1)
    if (kept) return kept
    const header = await this.#parts.source.header(block - 1)
    return header && headOf(header)
  }

  async #requireSameDeployment(): Promise<void> {
    const { deploymentBlock, deploymentBlockHash } = this.facts
    const found = (await this.#parts.source.header(deploymentBlock))?.hash ?? 'no block'
    if (found === deploymentBlockHash) return
    throw new WorkerError(
      { code: 'WORKER_OTHER_NETWORK', expected: deploymentBlockHash, found },
      'The Ethereum node now serves another chain than the one this worker was started on.',
      { hint: 'Point --chain-url at the right node, or start with an empty data folder for the new network.' }
    )
  }

  #applyBlock(block: StoredBlock): ChainEvent[] {
    return block.logs.flatMap(entry => {
      const event = decodeEvent(entry)
      return event
        ? this.#projection.apply(event, { block: block.number, time: block.time, logIndex: entry.logIndex })
        : []
    })
  }

  #emit(event: ChainEvent): void {
    for (const listener of this.#listeners) {
      try {
        listener(event)
      } catch (error) {
        this.#parts.log.error('a listener of the chain index failed', { event: event.type, error: String(error) })
      }
    }
  }

  // ------------------------------------------------------------------ reads

  get projection(): Projection {
    return this.#projection
  }
  head(): ChainHead {
    const { deploymentBlock, deploymentBlockHash } = this.facts
    return this.#cursor ?? { number: deploymentBlock, hash: deploymentBlockHash, time: 0 }
  }
  block = (block: number): ChainHead | null => this.#headers.get(block) ?? null
  blockHash = (block: number) => this.#headers.get(block)?.hash ?? null
  currentEpoch = () => this.#projection.currentEpoch
  epoch = (epoch: number) => this.#projection.epoch(epoch)
  stakeTree = (epoch: number) => this.#projection.stakeTree(epoch)
  contract: ChainReader['contract'] = scAddr => this.#projection.contract(scAddr)
  contracts = () => this.#projection.contracts()
  task: ChainReader['task'] = taskId => this.#projection.task(taskId)
  tasksByInput: ChainReader['tasksByInput'] = inputHash => this.#projection.tasksByInput(inputHash)
  openTasks = () => this.#projection.openTasks()
  worker: ChainReader['worker'] = operator => this.#projection.worker(operator)
  workerBySigner: ChainReader['workerBySigner'] = signer => this.#projection.workerBySigner(signer)

  deltaHash: ChainReader['deltaHash'] = (scAddr, index) => this.contract(scAddr)?.steps[index]?.deltaHash ?? null

  seats: ChainReader['seats'] = (epoch, scAddr) => {
    const info = this.epoch(epoch)
    const tree = info && this.stakeTree(epoch)
    return tree ? tree.seats(info.mix, scAddr) : []
  }
  seatProof: ChainReader['seatProof'] = (epoch, scAddr, k) => {
    const leaf = this.seats(epoch, scAddr)[k]
    return leaf ? this.stakeTree(epoch)!.prove(leaf.index) : null
  }

  subscribe(listener: (event: ChainEvent) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }
}
