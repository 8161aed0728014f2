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
import { UndoLog, type UndoStep } from './undo-log.ts'

const MAX_CONTRACTS = 1024
/** Keys and values of all contracts together, and what undoes their last deltas: that goes where a state needs the room. */
const MAX_TOTAL_BYTES = 512 * 1024 * 1024
const MAX_UNDO_BYTES = 64 * 1024 * 1024

/** A contract's decrypted state at one head. Never changed: applying deltas makes a new one, so that a run keeps its own. */
export interface ContractState {
  readonly deltaCount: number
  readonly headHash: Hash
  readonly entries: ReadonlyMap<Hex, Uint8Array>
  readonly bytes: number // keys and values
}

export const EMPTY_STATE: ContractState = { deltaCount: 0, headHash: ZERO_HASH, entries: new Map(), bytes: 0 }

/** The states of all contracts that the host brought up, each with its last deltas undoable (R11); in memory only. */
export class ContractStates {
  readonly #states = new Map<ScAddr, ContractState>()
  readonly #undo: UndoLog
  #totalBytes = 0

  /** @param undoDepth deltas of a contract that can be undone */
  constructor(undoDepth: number, maxUndoBytes = MAX_UNDO_BYTES) {
    this.#undo = new UndoLog(undoDepth, maxUndoBytes)
  }

  get(scAddr: ScAddr): ContractState {
    return this.#states.get(scAddr) ?? EMPTY_STATE
  }

  get size(): number {
    return this.#states.size
  }

  /** Keys and values of all contracts. */
  get stateBytes(): number {
    return this.#totalBytes
  }

  /** Of what undoes deltas, of all contracts. */
  get undoBytes(): number {
    return this.#undo.bytes
  }

  drop(scAddr: ScAddr): void {
    const { bytes, deltaCount } = this.get(scAddr)
    this.#totalBytes -= bytes
    this.#undo.forget(scAddr, deltaCount)
    this.#states.delete(scAddr)
  }

  /**
   * Goes back to the newest of the named points that is held: the tip, or one before a delta that can be undone. The state is then
   * what it was there.
   *
   * @param heads `heads[i]` is the head at `deltaCount - i`
   * @throws ENCLAVE_POINT_UNKNOWN if none is held; nothing has changed then
   */
  revert(scAddr: ScAddr, deltaCount: number, heads: readonly Hash[]): void {
    const tip = this.get(scAddr)
    const to = heads.findIndex((head, i) => this.#headAt(scAddr, deltaCount - i) === head)
    if (to === -1) throw enclaveError('ENCLAVE_POINT_UNKNOWN', 'None of these points of its history is held.')
    const target = deltaCount - to
    if (target === tip.deltaCount) return
    const state = undone(tip, this.#undo.take(scAddr, tip.deltaCount, target))
    if (state.deltaCount === 0) return this.drop(scAddr)
    this.#totalBytes += state.bytes - tip.bytes
    this.#states.set(scAddr, state)
    this.#trimUndo()
  }

  #headAt(scAddr: ScAddr, deltaCount: number): Hash | undefined {
    const tip = this.get(scAddr)
    return deltaCount === tip.deltaCount ? tip.headHash : this.#undo.get(scAddr, deltaCount)?.headHash
  }

  #trimUndo(): void {
    this.#undo.trim(MAX_TOTAL_BYTES - this.#totalBytes)
  }

  /**
   * Puts a whole state in the place of what is loaded, with nothing before it.
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
    this.drop(scAddr)
    this.#totalBytes += bytes
    this.#states.set(scAddr, { deltaCount, headHash, entries, bytes })
    this.#trimUndo()
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
        const roomBytes = MAX_TOTAL_BYTES - (this.#totalBytes - before.bytes)
        this.#undo.keep(scAddr, applyOne(draft, scAddr, bytes, keyOf, roomBytes))
      }
    } finally {
      if (draft.deltaCount > before.deltaCount) {
        this.#totalBytes += draft.bytes - before.bytes
        this.#states.set(scAddr, draft)
        this.#trimUndo()
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

/** The state before these steps, newest first; `state` stays as it is. */
function undone(state: ContractState, steps: readonly UndoStep[]): ContractState {
  const entries = new Map(state.entries)
  for (const { before } of steps) {
    for (const [name, value] of before) {
      if (value) entries.set(name, value)
      else entries.delete(name)
    }
  }
  const { deltaCount, headHash, bytes } = steps.at(-1)!
  return { deltaCount, headHash, bytes, entries }
}

/** Changes the draft by one whole delta, or throws and leaves it as it is. @returns what undoes it */
function applyOne(
  draft: Draft,
  scAddr: ScAddr,
  bytes: Uint8Array,
  keyOf: (generation: number) => Uint8Array,
  roomBytes: number
): UndoStep {
  const delta = decoded(bytes)
  if (delta.scAddr !== scAddr) throw refused('it belongs to another contract')
  if (delta.index !== draft.deltaCount)
    throw refused(`it is number ${delta.index}, the next one is ${draft.deltaCount}`)
  if (delta.prevHead !== draft.headHash) throw refused('it follows another head')
  const writes = opened(keyOf(delta.generation), delta)
  const size = sizeAfter(draft, writes)
  if (size > RUN_LIMITS.stateBytes) throw refused('the state would be larger than a contract may have')
  if (size > roomBytes) throw full()
  const { deltaCount, headHash, bytes: sizeBefore } = draft
  const before = [...writes.keys()].map(name => [name, draft.entries.get(name)] as const)
  write(draft, writes, deltaHashOf(bytes), size)
  return { deltaCount, headHash, bytes: sizeBefore, before }
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
