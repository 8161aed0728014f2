import {
  PeerProtocol,
  SyncKind,
  keccak256,
  syncChunk,
  syncRequest,
  type Hash,
  type ScAddr,
  type SyncPiece
} from '@enigma/protocol'
import type { ChainReader } from '../chain/reader.ts'
import { decode } from '../net/decode.ts'
import { NetError } from '../net/errors.ts'
import type { Peer, PeerNetwork } from '../net/peer-network.ts'
import type { ChosenContent, ContentStore } from './interfaces.ts'
import type { Need } from './needs.ts'
import { isUndisputed } from './rules.ts'

export interface ReceiverInit {
  readonly network: Pick<PeerNetwork, 'line' | 'penalise'>
  readonly chain: Pick<ChainReader, 'contract' | 'deltaHash' | 'head' | 'facts'>
  readonly store: Pick<ContentStore, 'putChosen'>
  /** Told of all content bytes that came, wanted or not. */
  readonly onBytes?: (bytes: number) => void
}

/** Told of bytes that were the next ones of something that is missing. */
export type OnNext = (bytes: number) => void

/** What is kept in memory before it is written: one synced batch. */
const BATCH_BYTES = 1024 * 1024

/** Everything one peer gave was of no use: it lied, or broke the protocol. */
export class BadPeer extends Error {}

/**
 * One conversation with one peer: asks for what is missing, checks each content against the chain as it arrives, and writes
 * it in batches. What came before a cut stays; `needs` then say how far each of them is.
 *
 * @throws NetError if the line ends early; BadPeer if the peer gave what it must not.
 */
export async function receive(
  { network, chain, store, onBytes = () => undefined }: ReceiverInit,
  peer: Peer,
  needs: readonly Need[],
  signal: AbortSignal,
  onNext: OnNext
): Promise<void> {
  const line = await network.line(peer, PeerProtocol.sync, signal)
  let batch: ChosenContent[] = []
  let batchBytes = 0
  let writing: Promise<void> = Promise.resolve()
  const closed = new Set<number>() // wants of which nothing more may be used

  /** Reading goes on while a batch is written: what waits unread in a stream is lost with it. */
  async function flush(): Promise<void> {
    await writing
    const full = batch
    batch = []
    batchBytes = 0
    if (full.length === 0) return
    writing = store.putChosen(full)
    writing.catch(() => undefined) // told at the next await
  }

  function malformed(what: string): never {
    network.penalise(peer.peerId, 'malformed')
    throw new BadPeer(what)
  }

  function take(piece: SyncPiece): void {
    const need = needs[piece.want]
    if (!need || (need.done && !closed.has(piece.want))) return malformed('a piece of nothing that was asked for')
    if (closed.has(piece.want)) return // it was told too late that this one is over
    if (piece.total === 0) {
      closed.add(piece.want)
      need.noteLack(peer.peerId)
      return
    }
    onBytes(piece.bytes.length)
    let arrived
    try {
      arrived = need.take(piece, peer.peerId)
    } catch {
      return malformed('a piece that is not the next one')
    }
    if (arrived === 'contested') return void closed.add(piece.want)
    onNext(piece.bytes.length)
    if (!arrived) return
    const { index, bytes } = arrived
    const hash = keccak256(bytes)
    const expected = expectedHash(need, index)
    if (hash === expected) {
      const place = need.kind === SyncKind.deltas ? { scAddr: need.id as string as ScAddr, index } : null
      batch.push({ place, hash, bytes })
      batchBytes += bytes.length
      return need.advance()
    }
    closed.add(piece.want)
    const giver = need.startAgain()
    if (giver === null) return // parts of several peers: whoever gives the next one gives all of it
    need.lacking.add(giver)
    if (!mustKnow(need, index)) return // of another branch of the chain
    network.penalise(giver, 'wrong-content')
    if (giver === peer.peerId) throw new BadPeer('wrong content')
  }

  const expectedHash = ({ kind, id }: Need, index: number): Hash | null =>
    kind === SyncKind.deltas ? chain.deltaHash(id as string as ScAddr, index) : id

  function mustKnow({ kind, id }: Need, index: number): boolean {
    if (kind === SyncKind.bytecode) return true
    const step = chain.contract(id as string as ScAddr)?.steps[index]
    return step !== undefined && isUndisputed(chain, step.block)
  }

  try {
    await line.write(syncRequest.encode({ wants: needs.map(need => need.want) }))
    for (;;) {
      const { pieces, last } = decode(syncChunk, await line.read(), peer.peerId)
      for (const piece of pieces) take(piece)
      if (batchBytes >= BATCH_BYTES) await flush()
      if (last) break
      if (pieces.length === 0) return malformed('an empty chunk')
    }
    if (needs.some((need, want) => !need.done && !closed.has(want))) return malformed('an answer that ends early')
    await line.close()
  } catch (err) {
    line.abort(err instanceof Error ? err : new Error('ended'))
    if (err instanceof NetError && err.code === 'PEER_MALFORMED') return malformed('no chunk')
    throw err
  } finally {
    await flush()
    await writing
  }
}
