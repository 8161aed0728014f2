import { equalBytes, recoverSigner, typedDigest, type Address, type EpochKeyRecord } from '@enigma/protocol'
import type { ChainReader } from '../chain/reader.ts'
import { ask, keyCalls, serve } from '../net/calls.ts'
import { orAborted } from '../net/deadline.ts'
import { decidingCode } from '../net/errors.ts'
import type { Peer, PeerNetwork } from '../net/peer-network.ts'
import type { Logger } from '../ops/log.ts'
import { SyncError } from './errors.ts'
import type { KeyExchange } from './interfaces.ts'

export interface KeyExchangeInit {
  readonly network: PeerNetwork
  readonly chain: Pick<ChainReader, 'facts' | 'currentEpoch' | 'workerBySigner'>
  readonly log: Logger
}

/** Keys of the current epoch, the one before (records of it are still accepted) and the next (told before our block). */
const EPOCHS_BACK = 1
const EPOCHS_AHEAD = 1
/** One message's worth; a network of more workers needs several answers, each from another peer. */
const MAX_KEYS_TOLD = 256
const REQUEST_TIMEOUT_MS = 1_000

/** Collects the signed epoch keys of all enclaves (R3) and hands them on. docs/spec/peer-protocols.md */
export class PeerKeyExchange implements KeyExchange {
  readonly #init: KeyExchangeInit
  readonly #byEpoch = new Map<number, Map<Address, EpochKeyRecord>>()
  #unsubscribe = (): void => {}
  #changed = Promise.withResolvers<void>()

  constructor(init: KeyExchangeInit) {
    this.#init = init
    serve(init.network, keyCalls, {
      exchange: ({ epoch, keys }, from) => {
        this.#take(keys, from)
        return Promise.resolve({ epoch, keys: this.#tell(epoch) })
      }
    })
  }

  start(): Promise<void> {
    this.#unsubscribe = this.#init.network.onPeer(peer => {
      if (peer.role === 'worker') void this.#meet(peer)
    })
    return Promise.resolve()
  }

  stop(): Promise<void> {
    this.#unsubscribe()
    return Promise.resolve()
  }

  async publish(record: EpochKeyRecord): Promise<void> {
    const { facts } = this.#init.chain
    if (!this.#isSigned(record)) {
      throw new SyncError(
        { code: 'KEY_REFUSED', epoch: record.epoch, why: 'signature' },
        `The key for epoch ${record.epoch} is not signed by its enclave for contract ${facts.enigma}.`
      )
    }
    this.#keep(record)
    await Promise.allSettled(this.#workers().map(peer => this.#exchange(peer, record.epoch, [record])))
  }

  keysFor(epoch: number): ReadonlyMap<Address, EpochKeyRecord> {
    return this.#byEpoch.get(epoch) ?? new Map()
  }

  async request(epoch: number, signers: readonly Address[] = [], timeoutMs = REQUEST_TIMEOUT_MS): Promise<void> {
    const lacking = (): boolean => signers.length === 0 || signers.some(signer => !this.keysFor(epoch).has(signer))
    if (!lacking()) return
    const signal = AbortSignal.timeout(timeoutMs)
    // Those whose key is missing know it for certain; everybody else may.
    const asked = Promise.allSettled(this.#workers().map(peer => this.#exchange(peer, epoch, [], signal)))
    if (signers.length === 0) return void (await orAborted(asked, signal).catch(() => undefined))
    while (lacking() && !signal.aborted) await orAborted(this.#changed.promise, signal).catch(() => undefined)
  }

  #workers(): readonly Peer[] {
    return this.#init.network.peers().filter(peer => peer.role === 'worker')
  }

  /** A worker that connects gets what we have of the served epochs, and we get what it has. */
  async #meet(peer: Peer): Promise<void> {
    const current = this.#init.chain.currentEpoch()?.epoch ?? 0
    for (let epoch = Math.max(0, current - EPOCHS_BACK); epoch <= current + EPOCHS_AHEAD; epoch++) {
      await this.#exchange(peer, epoch, this.#tell(epoch)).catch(() => undefined)
    }
  }

  async #exchange(peer: Peer, epoch: number, keys: readonly EpochKeyRecord[], signal?: AbortSignal): Promise<void> {
    const { network, log } = this.#init
    try {
      const options = signal ? { signal } : {}
      const answer = await ask(network, peer, keyCalls.exchange, { epoch, keys }, options)
      this.#take(answer.keys, peer)
    } catch (err) {
      log.debug('A peer did not exchange keys', { peer: peer.peerId, epoch, code: decidingCode(err) })
    }
  }

  #tell(epoch: number): readonly EpochKeyRecord[] {
    return [...this.keysFor(epoch).values()].slice(0, MAX_KEYS_TOLD)
  }

  /** Takes what is new, of a served epoch, of a registered enclave, and signed by it. Stops at the first false signature. */
  #take(records: readonly EpochKeyRecord[], from: Peer): void {
    const { chain, network } = this.#init
    const current = chain.currentEpoch()?.epoch ?? 0
    for (const record of records) {
      const { epoch, signer } = record
      if (epoch < current - EPOCHS_BACK || epoch > current + EPOCHS_AHEAD) continue
      const held = this.keysFor(epoch).get(signer)
      // An enclave that lost its keys makes new ones, and only itself can say so: an old record told again is no news.
      if (held && (from.signer !== signer || isSame(held, record))) continue
      if (chain.workerBySigner(signer) === null) continue
      if (!this.#isSigned(record)) {
        network.penalise(from.peerId, 'malformed')
        return
      }
      this.#keep(record)
    }
  }

  #isSigned({ signer, epoch, key, signature }: EpochKeyRecord): boolean {
    try {
      return recoverSigner(typedDigest(this.#init.chain.facts, 'EncryptionKey', { epoch, key }), signature) === signer
    } catch {
      return false
    }
  }

  #keep(record: EpochKeyRecord): void {
    const keys = this.#byEpoch.get(record.epoch) ?? new Map<Address, EpochKeyRecord>()
    this.#byEpoch.set(record.epoch, keys.set(record.signer, record))
    const oldest = (this.#init.chain.currentEpoch()?.epoch ?? 0) - EPOCHS_BACK
    for (const epoch of this.#byEpoch.keys()) if (epoch < oldest) this.#byEpoch.delete(epoch)
    const { resolve } = this.#changed
    this.#changed = Promise.withResolvers()
    resolve()
  }
}

const isSame = (a: EpochKeyRecord, b: EpochKeyRecord): boolean =>
  a.key === b.key && equalBytes(a.signature, b.signature)
