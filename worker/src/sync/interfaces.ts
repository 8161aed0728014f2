import type {
  Address,
  EnigmaError,
  EpochKeyRecord,
  Hash,
  ReleasedResult,
  ScAddr,
  SeatStatus,
  TaskId
} from '@enigma/protocol'
import type { Unmet } from './unmet.ts'

export interface StoredDelta {
  readonly scAddr: ScAddr
  readonly index: number
  readonly deltaHash: Hash
}

export interface DeltaOffer {
  readonly delta: Uint8Array
  readonly from: Address | null // see ContentStore.putDelta
}

/** A content whose hash the chain names; `place` of a delta, null for a bytecode. */
export interface ChosenContent {
  readonly place: { readonly scAddr: ScAddr; readonly index: number } | null
  readonly hash: Hash
  readonly bytes: Uint8Array
}

/** Bytecode and encrypted deltas on disk (R10). Every write is synced before it resolves; every read is checked. */
export interface ContentStore {
  /**
   * Keeps a delta under (scAddr, index, deltaHash). Before its receipt is on chain, several may stand for one index.
   *
   * @param from signer of who offers it, 0 for this node itself; null if the chain has it at this place.
   */
  putDelta(delta: Uint8Array, from: Address | null): Promise<StoredDelta>
  /** Several in one synced batch. Each by itself is kept or refused, with the reason at its place. */
  putDeltas(offers: readonly DeltaOffer[]): Promise<readonly (StoredDelta | EnigmaError)[]>
  /** Keeps what the chain names, in one synced batch: all or none. The caller has checked the hashes. */
  putChosen(contents: readonly ChosenContent[]): Promise<void>
  getDelta(scAddr: ScAddr, index: number, deltaHash: Hash): Promise<Uint8Array | null>
  hasDelta(scAddr: ScAddr, index: number, deltaHash: Hash): Promise<boolean>
  /** The chain chose these for good: the others of their places go. */
  settle(chosen: readonly StoredDelta[]): Promise<void>
  /** @param from as above; null if a contract on chain has this code. */
  putBytecode(bytecode: Uint8Array, from: Address | null): Promise<Hash>
  getBytecode(codeHash: Hash): Promise<Uint8Array | null>
  /** Drops what was offered long ago and never came on chain; what did counts as the chain's from then on. @returns how many went. */
  dropStale(isChosen: (delta: StoredDelta) => boolean, isCode: (codeHash: Hash) => boolean): Promise<number>
  /**
   * What a reorg left: deltas and codes that were the chain's and are not any more become candidates of this node, which go by
   * themselves unless the chain comes back to them. @returns how many.
   */
  demote(isChosen: (delta: StoredDelta) => boolean, isCode: (codeHash: Hash) => boolean): Promise<number>
}

/** `absent`: every connected worker has said that it has none; `unknown`: somebody did not answer, or nobody is connected. */
export type Presence = 'here' | 'absent' | 'unknown'

/** Pushes what this node made, and fetches what it lacks from any peer, checked against the chain (R10). */
export interface DeltaSync {
  /**
   * Stores the delta (deployment: and its bytecode), then pushes it to all connected workers, and goes on pushing.
   * `acks` resolves with the number of others that have it on disk: as soon as two do (or all, if fewer), or after 300 ms.
   * Await `push` itself before anything is sent to the chain: the local copy is then on disk.
   */
  push(delta: Uint8Array, bytecode?: Uint8Array | null): Promise<{ readonly acks: Promise<number> }>
  /** How many other workers have said that they hold this delta of ours. */
  replicas(deltaHash: Hash): number
  /** Resolves when the deltas 0 .. upToIndex of the contract are on disk, as the chain has them. @throws SYNC_INCOMPLETE */
  ensure(scAddr: ScAddr, upToIndex: number, signal?: AbortSignal): Promise<void>
  /** The same, by asking everybody who is connected, or known to hold it, once. */
  seek(scAddr: ScAddr, upToIndex: number, signal: AbortSignal): Promise<Presence>
  /** Contracts of which something is missing here, as far as was looked. */
  incomplete(): number
  /** What the rounds so far did not bring, of each contract that is incomplete. */
  unmet(): readonly Unmet[]
  /** @throws SYNC_INCOMPLETE if no peer has it. */
  ensureBytecode(codeHash: Hash, signal?: AbortSignal): Promise<Uint8Array>
  /** The deltas from .. to-1 of the contract, in order, as the chain has them; fetches what is missing. */
  deltas(scAddr: ScAddr, from: number, to: number, signal?: AbortSignal): Promise<readonly Uint8Array[]>
  /** Fetches everything the chain knows of and this node lacks. One contract that fails does not stop the others. */
  syncAll(progress?: (p: SyncProgress) => void, signal?: AbortSignal): Promise<SyncProgress>
  start(): Promise<void>
  stop(): Promise<void>
}
export interface SyncProgress {
  readonly contracts: number
  readonly done: number
  readonly failed: readonly ScAddr[]
  readonly bytes: number // that came so far
}

/** Signed epoch keys of all enclaves (R3): pushed when an epoch starts, pulled when one is missing. */
export interface KeyExchange {
  /** @throws KEY_REFUSED. Keeps this node's own key and pushes it to all peers, and to each peer that connects while its epoch is served. */
  publish(record: EpochKeyRecord): Promise<void>
  keysFor(epoch: number): ReadonlyMap<Address, EpochKeyRecord>
  /** Asks the peers for keys of the epoch; resolves when every one of `signers` is known, or after `timeoutMs` (default 1 s). */
  request(epoch: number, signers?: readonly Address[], timeoutMs?: number): Promise<void>
  start(): Promise<void>
  stop(): Promise<void>
}

/** From the entry worker to the seat holders of a task and back (R4, R8). */
export interface TaskRelay {
  /** @throws the most telling code if no seat stored it: INPUT_NOT_FOR_SEAT, NO_SEAT_REACHABLE, ... */
  deliver(envelope: Uint8Array, bytecode?: Uint8Array | null): Promise<{ readonly stored: readonly Address[] }>
  /** What the seats say of a task; those that do not answer, or do not know it, are left out. */
  seatStatuses(taskId: TaskId): Promise<readonly SeatStatus[]>
  /** The released result, checked against the chain; null while there is none. */
  result(taskId: TaskId): Promise<ReleasedResult | null>
  start(): Promise<void>
  stop(): Promise<void>
}
