import {
  ZERO_HASH,
  deltaCodec,
  deltaHashOf,
  nextHead,
  openDelta,
  type Delta,
  type Hash,
  type Hex,
  type ScAddr,
  type StateWrites
} from '@enigma/protocol'
import { enclaveError } from '../errors.ts'
import { RUN_LIMITS } from '../wasm/index.ts'
import { refused as refusedSnapshot } from './snapshots.ts'

const MAX_CONTRACTS = 1024
/** Keys and values of all contracts together. */
const MAX_TOTAL_BYTES = 512 * 1024 * 1024

/** A contract's decrypted state at one head. Never changed: applying deltas makes a new one, so that a run keeps its own. */
export interface ContractState {
  readonly deltaCount: number
  readonly headHash: Hash
  readonly entries: ReadonlyMap<Hex, Uint8Array>
  readonly bytes: number // keys and values
}

export const EMPTY_STATE: ContractState = { deltaCount: 0, headHash: ZERO_HASH, entries: new Map(), bytes: 0 }

/** The states of all contracts that the host brought up, in memory only. */
export class ContractStates {
  readonly #states = new Map<ScAddr, ContractState>()
  #totalBytes = 0

  get(scAddr: ScAddr): ContractState {
    return this.#states.get(scAddr) ?? EMPTY_STATE
  }

  get size(): number {
    return this.#states.size
  }

  drop(scAddr: ScAddr): void {
    this.#totalBytes -= this.get(scAddr).bytes
    this.#states.delete(scAddr)
  }

  /**
   * Puts a whole state in the place of what is loaded.
   *
   * @throws ENCLAVE_SNAPSHOT_REFUSED, ENCLAVE_FULL
   */
  replace(scAddr: ScAddr, { deltaCount, headHash, entries }: Omit<ContractState, 'bytes'>): void {
    this.#requireRoom(scAddr)
    let bytes = 0
    for (const [name, value] of entries) bytes += sizeOf(name, value)
    if (bytes > RUN_LIMITS.stateBytes) throw refusedSnapshot('the state is larger than a contract may have')
    const others = this.#totalBytes - this.get(scAddr).bytes
    if (others + bytes > MAX_TOTAL_BYTES) throw full()
    this.#totalBytes = others + bytes
    this.#states.set(scAddr, { deltaCount, headHash, entries, bytes })
  }

  #requireRoom(scAddr: ScAddr): void {
    if (this.#states.has(scAddr) || this.#states.size < MAX_CONTRACTS) return
    throw enclaveError('ENCLAVE_FULL', `The states of ${MAX_CONTRACTS} contracts are loaded. Drop one first.`)
  }

  /**
   * Applies the next deltas in order. One that does not fit is refused; those before it stay applied.
   *
   * @param keyOf the state key of a generation
   * @throws ENCLAVE_DELTA_REFUSED, ENCLAVE_FULL, or what `keyOf` throws
   */
  apply(scAddr: ScAddr, deltas: readonly Uint8Array[], keyOf: (generation: number) => Uint8Array): void {
    this.#requireRoom(scAddr)
    const before = this.get(scAddr)
    const draft = { ...before, entries: new Map(before.entries) } // one copy for all deltas of this call
    try {
      for (const bytes of deltas) {
        applyOne(draft, scAddr, bytes, keyOf, MAX_TOTAL_BYTES - (this.#totalBytes - before.bytes))
      }
    } finally {
      if (draft.deltaCount > before.deltaCount) {
        this.#totalBytes += draft.bytes - before.bytes
        this.#states.set(scAddr, draft)
      }
    }
  }
}

interface Draft {
  deltaCount: number
  headHash: Hash
  readonly entries: Map<Hex, Uint8Array>
  bytes: number
}

/** A state after own runs that the chain does not have yet; `state` stays as it is. */
export function stateAfter(
  state: ContractState,
  deltas: readonly { readonly hash: Hash; readonly writes: StateWrites }[]
): ContractState {
  if (deltas.length === 0) return state
  const draft = { ...state, entries: new Map(state.entries) }
  for (const { hash, writes } of deltas) write(draft, writes, hash, sizeAfter(draft, writes))
  return draft
}

/** Changes the draft by one whole delta, or throws and leaves it as it is. */
function applyOne(
  draft: Draft,
  scAddr: ScAddr,
  bytes: Uint8Array,
  keyOf: (generation: number) => Uint8Array,
  roomBytes: number
): void {
  const delta = decoded(bytes)
  if (delta.scAddr !== scAddr) throw refused('it belongs to another contract')
  if (delta.index !== draft.deltaCount)
    throw refused(`it is number ${delta.index}, the next one is ${draft.deltaCount}`)
  if (delta.prevHead !== draft.headHash) throw refused('it follows another head')
  const writes = opened(keyOf(delta.generation), delta)
  const size = sizeAfter(draft, writes)
  if (size > RUN_LIMITS.stateBytes) throw refused('the state would be larger than a contract may have')
  if (size > roomBytes) throw full()
  write(draft, writes, deltaHashOf(bytes), size)
}

/** Bytes of keys and values once the writes are made. */
function sizeAfter(draft: ContractState, writes: StateWrites): number {
  let size = draft.bytes
  for (const [name, value] of writes) {
    const old = draft.entries.get(name)
    if (old) size -= sizeOf(name, old)
    if (value) size += sizeOf(name, value)
  }
  return size
}

function write(draft: Draft, writes: StateWrites, deltaHash: Hash, size: number): void {
  for (const [name, value] of writes) {
    if (value === null) draft.entries.delete(name)
    else draft.entries.set(name, value)
  }
  draft.deltaCount += 1
  draft.headHash = nextHead(draft.headHash, deltaHash)
  draft.bytes = size
}

function opened(key: Uint8Array, delta: Delta): StateWrites {
  try {
    return openDelta(key, delta)
  } catch (cause) {
    throw refused('it does not open', cause)
  }
}

const sizeOf = (name: Hex, value: Uint8Array): number => (name.length - 2) / 2 + value.length

function decoded(bytes: Uint8Array): Delta {
  try {
    return deltaCodec.decode(bytes)
  } catch (cause) {
    throw refused('it is malformed', cause)
  }
}

const full = () =>
  enclaveError('ENCLAVE_FULL', 'The states of all contracts fill the memory of the enclave. Drop one first.')
const refused = (why: string, cause?: unknown) =>
  enclaveError('ENCLAVE_DELTA_REFUSED', `The delta was refused: ${why}.`, cause)
