import { fromHex, signDigest, type Address, type Attested, type StepStatus } from '@enigma/protocol'
import { TxSender } from '../chain/tx-sender.ts'
import { createTxStore } from '../chain/tx-store.ts'
import type { Config } from '../config.ts'
import { EnclaveSupervisor } from '../enclave/enclave.ts'
import { chainAuthority, type PeerAuthority } from '../net/authority.ts'
import { loadIdentity } from '../net/identity.ts'
import { Libp2pNetwork } from '../net/libp2p-network.ts'
import type { NetLimits } from '../net/limits.ts'
import { openDatabase, partOf } from '../ops/database.ts'
import { openPeerBook } from '../net/peer-book.ts'
import { createDrain } from '../ops/drain.ts'
import { Precedence } from '../ops/precedence.ts'
import type { Logger } from '../ops/log.ts'
import { createStatusBoard } from '../ops/status-board.ts'
import { isPassing } from '../chain/first-reading.ts'
import { openChain, type ChainLink } from './chain-link.ts'
import { openDataDir, writeRuntime } from './data-dir.ts'
import { createFront, type Front, type FrontInit } from './front.ts'
import type { Stops } from './stops.ts'
import { untilThere } from './until-there.ts'

/** What every role is built on: data folder, chain, key. */
export interface NodeBase extends FrontInit {
  readonly chain: ChainLink
  readonly sender: TxSender
  readonly precedence: Precedence
  /** Signs peer hellos with the operating key. */
  readonly sign: (digest: `0x${string}`) => Uint8Array
  readonly fatal: (error: Error) => void
  /** Answers since before the chain was read; a role equips it. */
  readonly front: Front
  /** Everything that a role starts is stopped by it, in the opposite order. */
  readonly stops: Stops
}

/** Between two attempts to find an Ethereum node that is not there yet. */
const CHAIN_PAUSE_MS = 1_000

/** How long what was sent is not looked after while receipts that are not on their way have the machine. */
const SENT_WAITS_MS = 400

export interface BaseInit extends Pick<NodeBase, 'config' | 'log' | 'logControl' | 'fatal' | 'stops'> {
  readonly operatorKey: string
}

export async function openBase(init: BaseInit): Promise<NodeBase> {
  const { config, operatorKey, log, logControl, fatal, stops } = init
  const board = createStatusBoard(Date.now, step => logStep(log, step))
  board.step('start', 'running', 'opening the data folder')
  const dir = openDataDir(config.dataDir)
  const db = await openDatabase(dir.db, {
    onDamaged(key) {
      board.count('store_damaged_values')
      board.alarm('STORE_DAMAGED', 'Data on disk was damaged. It is kept apart, and fetched again.')
      log.error('damaged data on disk was set aside; it is fetched again', { code: 'STORE_DAMAGED', part: partOf(key) })
    },
    onRepaired(what) {
      board.count('store_repairs')
      board.alarm('STORE_REPAIRED', `Files of the database were damaged: ${what}.`)
      log.error('files of the database were damaged', { code: 'STORE_REPAIRED', what })
    },
    onRefused(reason) {
      board.alarm('DISK', `The disk refuses what this node writes: ${reason}.`)
      log.error('the disk refuses what this node writes; it goes on when the disk takes it', { code: 'DISK', reason })
    },
    onTaken() {
      board.clear('DISK')
      log.info('the disk takes what this node writes again')
    }
  })
  stops.add('database', () => db.close())
  const drain = createDrain()
  stops.signal.addEventListener('abort', () => drain.set(true), { once: true })
  const front = createFront({ config, log, logControl, board, drain, dir, db })
  await front.start()
  stops.add('calls', () => front.stop(), front.stopMs)
  writeRuntime(dir, { pid: process.pid, httpUrl: front.url, multiaddrs: [] })
  board.waits('start', 'WAITS_FOR_CHAIN', 'for the chain, to read the past of the network')
  const chainLog = log.child('chain')
  const chain = await untilThere(() => openChain({ ...config, db, log: chainLog, board }), {
    signal: stops.signal,
    log: chainLog,
    what: 'the chain',
    pauseMs: CHAIN_PAUSE_MS,
    lookMs: null, // the past of a network may take long to read
    isPassing
  })
  stops.add('chain', () => chain.stop())
  const { facts } = chain
  log.info('chain reached', {
    chainId: facts.chainId,
    enigma: facts.enigma,
    head: chain.indexer.head().number,
    confirmations: facts.confirmations
  })
  const sender = new TxSender({
    rpc: chain.rpc,
    store: createTxStore(db),
    privateKey: operatorKey,
    chainId: facts.chainId,
    confirmations: facts.confirmations,
    log: log.child('sender')
  })
  await sender.start()
  const precedence = new Precedence()
  stops.add('transactions', () => sender.stop())
  chain.indexer.subscribe(event => {
    if (event.type === 'head') {
      const { number } = event.head
      void precedence.giveWay(SENT_WAITS_MS).then(() => sender.onHead(number))
    } else if (event.type === 'rollback') sender.onRollback(event.to)
  })
  chain.follow(fatal)
  const key = fromHex(operatorKey)
  const sign: NodeBase['sign'] = digest => signDigest(digest as never, key)
  return { config, log, logControl, board, drain, dir, db, chain, sender, precedence, fatal, sign, stops, front }
}

/** Each step stands in the log as it begins, waits, is done or fails. */
function logStep(log: Logger, { name, state, detail, code, hint }: StepStatus): void {
  const facts = { detail: detail || undefined, code, hint }
  if (state === 'failed') log.warn(`step ${name}: ${state}`, facts)
  else log.info(`step ${name}: ${state}`, facts)
}

export function createEnclave({ config, dir, log, board }: NodeBase): EnclaveSupervisor {
  return new EnclaveSupervisor({
    distDir: config.enclave,
    sealedDir: dir.sealed,
    isolation: config.isolation,
    log: log.child('enclave'),
    onCrash(detail) {
      board.count('enclave_crashes')
      board.alarm('ENCLAVE_CRASHED', `The enclave ended and is started again (${detail}).`)
    }
  })
}

const peerIdOf = (multiaddr: string): string | null => /\/p2p\/([A-Za-z0-9]+)$/.exec(multiaddr)?.[1] ?? null

/**
 * Who is believed to be whom. A principal is one whose enclave key is the registered one and whose operator registered it,
 * or which the settings name as a bootstrap node: its operating key need not be the contract's owner.
 */
function authorityOf({ config, chain }: NodeBase, principal: () => Attested | null): PeerAuthority {
  const bootstrapPeerIds = config.bootstrap.map(peerIdOf).filter(id => id !== null)
  const registered = (): { operator: Address; signer: Address } | null => principal()?.report ?? null
  const base = chainAuthority({ chain: chain.indexer, principal: registered, bootstrapPeerIds })
  return {
    onChange: callback => base.onChange(callback),
    vouchesFor(claim) {
      const named = claim.role === 'principal' && bootstrapPeerIds.includes(claim.peerId)
      return (named && claim.signer === registered()?.signer) || base.vouchesFor(claim)
    }
  }
}

/** They cost nothing to make: no more of them where many connections are for everybody who is registered. */
const MAX_STRANGERS = 64

/** The bounds that are settings. */
export const netLimitsOf = (config: Pick<Config, 'wantedPeers' | 'maxPeers' | 'maxStreams'>): Partial<NetLimits> => ({
  wantedPeers: config.wantedPeers,
  maxConnections: config.maxPeers,
  maxUnverified: Math.min(MAX_STRANGERS, Math.max(1, Math.floor(config.maxPeers / 4))),
  maxInboundStreams: config.maxStreams
})

export async function createNetwork(
  base: NodeBase,
  signer: () => Address,
  principal: () => Attested | null
): Promise<Libp2pNetwork> {
  const { config, dir, chain, sender, sign, log } = base
  const hostPart = config.p2pHost.includes(':') ? 'ip6' : 'ip4'
  return new Libp2pNetwork({
    identity: await loadIdentity(dir.peerIdentity),
    listen: [
      `/${hostPart}/${config.p2pHost}/tcp/${config.p2pPort}`,
      `/${hostPart}/${config.p2pHost}/tcp/${config.wsPort}/ws`
    ],
    announce: config.announce,
    bootstrap: config.bootstrap,
    self: { domain: chain.facts, role: config.role, operator: sender.address, signer, sign },
    ...(config.role === 'worker' && { seeks: 'principal' }),
    authority: authorityOf(base, principal),
    log: log.child('net'),
    limits: netLimitsOf(config),
    book: await openPeerBook(base.db, log),
    count: what => base.board.count(what)
  })
}

/** Says where the node listens, for clients and for peers. */
export function tellListening({ dir, front, log }: NodeBase, network: Libp2pNetwork): void {
  const multiaddrs = network.multiaddrs()
  writeRuntime(dir, { pid: process.pid, httpUrl: front.url, multiaddrs })
  log.info('listening', { http: front.url, peers: multiaddrs.join(' ') })
}
