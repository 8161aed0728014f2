import { address, asError, confirmationsOf, type Address } from '@enigma/protocol'
import { createBlockSource } from '../chain/block-source.ts'
import { startHeadFeed, type HeadFeed } from '../chain/head-feed.ts'
import { createIndexStore } from '../chain/index-store.ts'
import { Indexer } from '../chain/indexer.ts'
import { networkIdentity, readNetworkFacts } from '../chain/network.ts'
import { numberOf } from '../chain/quantities.ts'
import { createChainRpc, type ChainRpc } from '../chain/rpc.ts'
import type { NetworkFacts } from '../chain/reader.ts'
import { jsonPart, type Database } from '../ops/database.ts'
import type { Logger } from '../ops/log.ts'
import type { StatusBoard } from '../ops/status-board.ts'
import { WorkerError } from '../errors.ts'

/** A node's whole connection to the chain: the index, and what keeps it at the head. */
export interface ChainLink {
  readonly rpc: ChainRpc
  readonly facts: NetworkFacts
  readonly indexer: Indexer
  /** Follows the chain from now on. `onFatal`: the node behind --chain-url serves another chain. */
  follow(onFatal: (error: Error) => void): void
  stop(): Promise<void>
}

export interface ChainLinkOptions {
  readonly chainUrl: string
  readonly enigma: Address
  readonly confirmations: number | null
  readonly db: Database
  readonly log: Logger
  readonly board: StatusBoard
}

const DEVNET_POLL_MS = 250
const POLL_MS = 2_000

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
  const { chainUrl, enigma, db, log, board } = options
  const rpc = createChainRpc(chainUrl)
  const chainId = BigInt(numberOf(await rpc.send('eth_chainId', [])))
  const least = confirmationsOf(chainId) // the enclaves' number: fewer would only make them refuse
  const confirmations = Math.max(least, options.confirmations ?? least)
  const facts = await readNetworkFacts(rpc, address(enigma), confirmations)
  await requireSameNetwork(db, facts)
  const indexer = new Indexer({
    source: createBlockSource(rpc, enigma),
    store: createIndexStore(db),
    facts,
    log,
    alarm(code, message) {
      board.alarm(code, message)
      log.error(message, { code })
    }
  })
  await indexer.load()
  await indexer.advance()

  const stopped = new AbortController()
  let feed: HeadFeed | null = null
  let reading: Promise<void> | null = null
  let again = false

  async function read(onFatal: (error: Error) => void): Promise<void> {
    do {
      again = false
      try {
        await indexer.advance(stopped.signal)
      } catch (error) {
        if (stopped.signal.aborted) return
        if (error instanceof WorkerError && error.code === 'WORKER_OTHER_NETWORK') return onFatal(error)
        board.count('chain_read_failures')
        log.warn('the chain could not be read; it is tried again', { error: asError(error).message })
      }
    } while (again && !stopped.signal.aborted)
  }

  return {
    rpc,
    facts,
    indexer,
    follow(onFatal) {
      const poke = (): void => {
        if (reading) again = true
        else reading = read(onFatal).finally(() => (reading = null))
      }
      const pollMs = confirmations === 1 ? DEVNET_POLL_MS : POLL_MS
      feed = startHeadFeed({ chainUrl, pollMs, poke, log })
    },
    async stop() {
      feed?.stop()
      stopped.abort()
      await reading
    }
  }
}
