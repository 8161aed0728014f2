import {
  MAX_SNAPSHOT_BYTES,
  SNAPSHOT_PART_BYTES,
  keccak256,
  recoverSigner,
  typedDigest,
  type ScAddr,
  type SignedSnapshot
} from '@enigma/protocol'
import type { ChainReader } from '../chain/reader.ts'
import { ask, serve, snapshotCalls } from '../net/calls.ts'
import { decidingCode } from '../net/errors.ts'
import type { Peer, PeerNetwork } from '../net/peer-network.ts'
import type { Logger } from '../ops/log.ts'
import { SyncError } from './errors.ts'
import { isUndisputed } from './rules.ts'
import type { SnapshotStore } from './snapshot-store.ts'

export interface SnapshotsInit {
  readonly network: PeerNetwork
  readonly chain: ChainReader
  readonly store: SnapshotStore
  readonly log: Logger
  readonly askTimeoutMs?: number
  readonly partTimeoutMs?: number
}

/** Peers asked for their newest one, and how many of those are then tried. */
const MAX_ASKED = 16
const MAX_TRIED = 4

/** Snapshots of others and of this node: served in parts, fetched from any worker, checked before they are kept (R10). */
export class Snapshots {
  readonly #init: SnapshotsInit

  constructor(init: SnapshotsInit) {
    this.#init = init
    const { network, store } = init
    serve(network, snapshotCalls, {
      newest: async ({ scAddr, atMost }) => ({ found: await this.#own(scAddr, atMost) }),
      async part({ contentHash, offset }) {
        const part = await store.part(contentHash, offset)
        if (part) return { part }
        throw new SyncError({ code: 'CONTENT_MISSING', what: contentHash }, 'This node does not have that snapshot.')
      }
    })
  }

  /**
   * The newest snapshot with more than `above` and at most `atMost` deltas that this node has or can get, with its ciphertext.
   * Its head is the chain's, and a registered enclave signed it; whether it opens is for the enclave to see.
   */
  async best(
    scAddr: ScAddr,
    above: number,
    atMost: number,
    signal: AbortSignal
  ): Promise<{ signed: SignedSnapshot; ciphertext: Uint8Array } | null> {
    const { store } = this.#init
    const own = await this.#own(scAddr, atMost)
    const offers = await this.#offers(scAddr, atMost, signal)
    const useful = ({ snapshot }: SignedSnapshot): boolean => snapshot.deltaCount > above
    if (own && useful(own) && this.#fault(scAddr, atMost, own) === null) {
      if (!offers.some(({ signed }) => signed.snapshot.deltaCount > own.snapshot.deltaCount)) {
        const ciphertext = await store.read(own)
        if (ciphertext) return { signed: this.#renewed(own), ciphertext }
      }
    }
    for (const { signed, peer } of offers.filter(offer => useful(offer.signed)).slice(0, MAX_TRIED)) {
      signal.throwIfAborted()
      const ciphertext = await this.#fetch(signed, peer, signal)
      if (!ciphertext) continue
      await store.put(signed, ciphertext)
      return { signed, ciphertext }
    }
    return null
  }

  /** The newest one here that the chain bears out: one of another branch would only cost others an attempt, and this node its good name. */
  #own(scAddr: ScAddr, atMost: number): Promise<SignedSnapshot | null> {
    const { chain, store } = this.#init
    const steps = chain.contract(scAddr)?.steps ?? []
    return store.newest(scAddr, atMost, (deltaCount, headHash) => steps[deltaCount - 1]?.headHash === headHash)
  }

  /** Keeps one that this node's enclave made. */
  keep(signed: SignedSnapshot, ciphertext: Uint8Array): Promise<void> {
    return this.#init.store.put(signed, ciphertext)
  }

  /** What connected workers have, newest first. */
  async #offers(
    scAddr: ScAddr,
    atMost: number,
    signal: AbortSignal
  ): Promise<{ signed: SignedSnapshot; peer: Peer }[]> {
    const { network, log, askTimeoutMs: timeoutMs = 1_500 } = this.#init
    const workers = network.peers().filter(peer => peer.role === 'worker').slice(0, MAX_ASKED) // prettier-ignore
    const answers = await Promise.all(
      workers.map(async peer => {
        try {
          const { found } = await ask(network, peer, snapshotCalls.newest, { scAddr, atMost }, { timeoutMs, signal })
          if (!found) return []
          const fault = this.#fault(scAddr, atMost, found)
          if (fault === null) return [{ signed: this.#renewed(found), peer }]
          log.warn('A peer offered a wrong snapshot', { peer: peer.peerId, contract: scAddr, fault })
          if (this.#isCertain(scAddr, found)) network.penalise(peer.peerId, 'wrong-content')
        } catch (err) {
          log.debug('A peer offered no snapshot', { peer: peer.peerId, code: decidingCode(err) })
        }
        return []
      })
    )
    return answers.flat().sort((a, b) => b.signed.snapshot.deltaCount - a.signed.snapshot.deltaCount)
  }

  /** What this host can see to be wrong, or null. */
  #fault(scAddr: ScAddr, atMost: number, { snapshot, signature, maker, bytes }: SignedSnapshot): string | null {
    const { chain } = this.#init
    const { deltaCount, headHash } = snapshot
    if (snapshot.scAddr !== scAddr || deltaCount < 1 || deltaCount > atMost) return 'it is not what was asked for'
    if (bytes < 1 || bytes > MAX_SNAPSHOT_BYTES) return 'its size is impossible'
    if (chain.contract(scAddr)?.steps[deltaCount - 1]?.headHash !== headHash) return 'the chain has another head there'
    if (!chain.workerBySigner(maker.report.signer)) return 'its maker is not registered'
    try {
      const digest = typedDigest(chain.facts, 'Snapshot', snapshot)
      return recoverSigner(digest, signature) === maker.report.signer ? null : 'its maker did not sign it'
    } catch {
      return 'nobody signed it'
    }
  }

  /** With the evidence that its maker has on chain now: what it had then may have expired. */
  #renewed(signed: SignedSnapshot): SignedSnapshot {
    const maker = this.#init.chain.workerBySigner(signed.maker.report.signer)!.attested
    return { ...signed, maker }
  }

  /** Whether an honest peer cannot have offered it. */
  #isCertain(scAddr: ScAddr, { snapshot }: SignedSnapshot): boolean {
    const { chain } = this.#init
    if (snapshot.scAddr !== scAddr) return true
    const step = chain.contract(scAddr)?.steps[snapshot.deltaCount - 1]
    return step !== undefined && isUndisputed(chain, step.block)
  }

  async #fetch(signed: SignedSnapshot, peer: Peer, signal: AbortSignal): Promise<Uint8Array | null> {
    const { network, log, partTimeoutMs: timeoutMs = 5_000 } = this.#init
    const { contentHash } = signed.snapshot
    const whole = new Uint8Array(signed.bytes)
    try {
      for (let offset = 0; offset < whole.length; offset += SNAPSHOT_PART_BYTES) {
        const { part } = await ask(network, peer, snapshotCalls.part, { contentHash, offset }, { timeoutMs, signal })
        if (part.length !== Math.min(SNAPSHOT_PART_BYTES, whole.length - offset)) return null
        whole.set(part, offset)
      }
    } catch (err) {
      log.debug('A snapshot did not come', { peer: peer.peerId, code: decidingCode(err) })
      return null
    }
    if (keccak256(whole) === contentHash) return whole
    network.penalise(peer.peerId, 'wrong-content')
    return null
  }
}
