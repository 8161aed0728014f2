import { address, asError, confirmationsOf, type Address } from '@enigma/protocol'
import { agreedSource } from '../chain/agreement.ts'
import { createBlockSource, type BlockSource } from '../chain/block-source.ts'
import { firstReading } from '../chain/first-reading.ts'
import { startHeadFeed, type HeadFeed } from '../chain/head-feed.ts'
import { createIndexStore } from '../chain/index-store.ts'
import { Indexer } from '../chain/indexer.ts'
import { networkIdentity, readNetworkFacts } from '../chain/network.ts'
import { numberOf } from '../chain/quantities.ts'
import { createChainRpc, type ChainEndpoints } from '../chain/rpc.ts'
import type { NetworkFacts } from '../chain/reader.ts'
import { jsonPart, type Database } from '../ops/database.ts'
import type { Logger } from '../ops/log.ts'
import type { StatusBoard } from '../ops/status-board.ts'
import { WorkerError } from '../errors.ts'

/** A node's whole connection to the chain: the index, and what keeps it at the head. */
export interface ChainLink {
  readonly rpc: ChainEndpoints
  readonly facts: NetworkFacts
  readonly indexer: Indexer
  /** Follows the chain from now on. `onFatal`: the node behind --chain-url serves another chain. */
  follow(onFatal: (error: Error) => void): void
  stop(): Promise<void>
  /** The newest block that was heard of; null before the first look. */
  latest(): number | null
}

export interface ChainLinkOptions {
  readonly chainUrls: readonly string[] // endpoints of one chain, the preferred one first
  readonly enigma: Address
  readonly confirmations: number | null
  readonly db: Database
  readonly log: Logger
  readonly board: StatusBoard
}

const DEVNET_POLL_MS = 250
const POLL_MS = 2_000
/** After word of a block its tasks have the machine; then it is looked for events that were left out of earlier blocks. */
const SCAN_PAUSE_MS = 500

/** An endpoint that does not answer soon has no vote this time. */
const VOTE = { timeoutMs: 5_000, attemptTimeoutMs: 3_000, attempts: 2 } as const

/** @throws WORKER_CONFIG if two endpoints answer for different chains; one that is silent may come later. */
async function requireOneChain(urls: readonly string[]): Promise<void> {
  if (urls.length === 1) return
  const answers = await Promise.allSettled(urls.map(url => createChainRpc(url, VOTE).send('eth_chainId', [])))
  const ids = new Set(answers.flatMap(answer => (answer.status === 'fulfilled' ? [numberOf(answer.value)] : [])))
  if (ids.size <= 1) return
  throw new WorkerError(
    { code: 'WORKER_CONFIG', setting: 'chain-url' },
    `The endpoints of --chain-url belong to different chains: ${[...ids].join(', ')}.`
  )
}

/** Data of one network must never meet another one. */
async function requireSameNetwork(db: Database, facts: NetworkFacts): Promise<void> {
  const meta = jsonPart<string>(db, 'node-meta')
  const found = networkIdentity(facts)
  const expected = await meta.get('network')
  if (expected === undefined) await meta.put('network', found)
  else if (expected !== found) {
    throw new WorkerError(
      { code: 'WORKER_OTHER_NETWORK', expected, found },
      'This data folder belongs to another network than the one at --chain-url.',
      { hint: 'Use another --data-dir for this network, or point --chain-url and --enigma at the old one.' }
    )
  }
}

/** Reads the network's facts, and its events up to the present. @throws WORKER_CONFIG, WORKER_OTHER_NETWORK, CHAIN_* */
export async function openChain(options: ChainLinkOptions): Promise<ChainLink> {
  const { chainUrls, enigma, db, log, board } = options
  const rpc = createChainRpc(chainUrls)
  await requireOneChain(chainUrls)
  const chainId = BigInt(numberOf(await rpc.send('eth_chainId', [])))
  const least = confirmationsOf(chainId) // the enclaves' number: fewer would only make them refuse
  const confirmations = Math.max(least, options.confirmations ?? least)
  const facts = await readNetworkFacts(rpc, address(enigma), confirmations)
  await requireSameNetwork(db, facts)
  const alarm = (code: string, message: string): void => {
    board.alarm(code, message)
    log.error(message, { code })
  }
  let latest: number | null = null
  const agreed =
    chainUrls.length === 1
      ? createBlockSource(rpc, enigma)
      : agreedSource(
          chainUrls.map(url => createBlockSource(createChainRpc(url, VOTE), enigma)),
          { alarm }
        )
  const source: BlockSource = {
    ...agreed,
    async latest() {
      const head = await agreed.latest()
      latest = head.number
      return head
    }
  }
  const indexer = new Indexer({ source, store: createIndexStore(db), facts, log, alarm })
  await indexer.load()
  await firstReading(() => indexer.advance(), log)

  const stopped = new AbortController()
  let feed: HeadFeed | null = null
  let reading: Promise<void> | null = null
  let again = false
  let scanIsDue = false
  let scanTimer: NodeJS.Timeout | undefined

  async function read(onFatal: (error: Error) => void): Promise<void> {
    do {
      again = false
      const scans = scanIsDue
      scanIsDue = false
      try {
        await (scans ? indexer.advance(stopped.signal) : indexer.catchUp(stopped.signal))
      } catch (error) {
        if (stopped.signal.aborted) return
        if (error instanceof WorkerError && error.code === 'WORKER_OTHER_NETWORK') return onFatal(error)
        board.count('chain_read_failures')
        log.warn('the chain could not be followed; it is tried again', { error: asError(error).message })
      }
    } while (again && !stopped.signal.aborted)
  }

  return {
    rpc,
    facts,
    indexer,
    latest: () => latest,
    follow(onFatal) {
      const look = (): void => {
        if (reading) again = true
        else reading = read(onFatal).finally(() => (reading = null))
      }
      const scan = (): void => {
        scanTimer = undefined
        scanIsDue = true
        look()
      }
      const poke = (): void => {
        scanTimer ??= setTimeout(scan, SCAN_PAUSE_MS)
        look()
      }
      const pollMs = confirmations === 1 ? DEVNET_POLL_MS : POLL_MS
      feed = startHeadFeed({ chainUrl: chainUrls[0]!, pollMs, poke, log })
    },
    async stop() {
      feed?.stop()
      clearTimeout(scanTimer)
      stopped.abort()
      await reading
    }
  }
}
