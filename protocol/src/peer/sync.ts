import { bool, bytes, bytes32, list, message, struct, u16, u32, u8, uint, type Codec } from '../codec.ts'
import { MAX_BYTECODE_BYTES, MAX_DELTA_BYTES } from '../params.ts'
import type { Hash } from '../ids.ts'

/**
 * Bytecode and deltas in bulk (R10): on a stream of its own one request names many contents, and a sequence of chunks
 * brings them. What was cut off is asked for again from its byte on, of anybody. docs/spec/peer-protocols.md
 */
export const SyncKind = { deltas: 0, bytecode: 1 } as const

/** Contents named in one request. */
export const MAX_SYNC_WANTS = 256
/** Bytes of content in one chunk: small enough that a slow reader holds up little, and a cut loses little. */
export const SYNC_CHUNK_BYTES = 64 * 1024
const MAX_PIECES = 1_024

export interface SyncWant {
  readonly kind: number
  readonly id: Hash // the contract of deltas, or the hash of a code
  readonly from: number // deltas from .. to-1; of a code 0 and 1
  readonly to: number
  readonly offset: number // bytes of the first of them that the asker has already
}
export interface SyncRequest {
  readonly wants: readonly SyncWant[]
}
export const syncRequest: Codec<SyncRequest> = message<SyncRequest>('SyncRequest', 1, {
  wants: list(
    struct<SyncWant>('SyncWant', { kind: u8, id: bytes32(), from: uint, to: uint, offset: u32 }),
    MAX_SYNC_WANTS
  )
})

/** Some bytes of one content. Those of a want come in order; `total` 0: the giver lacks this one, so the want ends here. */
export interface SyncPiece {
  readonly want: number // its place in the request
  readonly index: number
  readonly total: number // bytes of the whole content
  readonly offset: number
  readonly bytes: Uint8Array
}
export interface SyncChunk {
  readonly pieces: readonly SyncPiece[]
  readonly last: boolean
}
export const syncChunk: Codec<SyncChunk> = message<SyncChunk>(
  'SyncChunk',
  1,
  {
    pieces: list(
      struct<SyncPiece>('SyncPiece', {
        want: u16,
        index: uint,
        total: u32,
        offset: u32,
        bytes: bytes(SYNC_CHUNK_BYTES)
      }),
      MAX_PIECES
    ),
    last: bool
  },
  SYNC_CHUNK_BYTES + MAX_PIECES * 22 + 8
)
export const MAX_SYNC_PIECES = MAX_PIECES
/** The largest content of a kind. */
export const maxSyncBytes = (kind: number): number =>
  kind === SyncKind.bytecode ? MAX_BYTECODE_BYTES : MAX_DELTA_BYTES
