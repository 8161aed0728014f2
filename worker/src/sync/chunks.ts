import {
  MAX_SYNC_PIECES,
  SYNC_CHUNK_BYTES,
  SyncKind,
  type Hash,
  type ScAddr,
  type SyncChunk,
  type SyncPiece,
  type SyncWant
} from '@enigma/protocol'

/** What this node has, as the chain names it. */
export interface ContentSource {
  delta(scAddr: ScAddr, index: number): Promise<Uint8Array | null>
  code(codeHash: Hash): Promise<Uint8Array | null>
}

const NOTHING = new Uint8Array()

/**
 * Cuts what is wanted into chunks: many small contents in one, a large one over several. One content is in memory at a time,
 * and the next is read when the last chunk was taken.
 */
export async function* chunksOf(wants: readonly SyncWant[], source: ContentSource): AsyncGenerator<SyncChunk> {
  let pieces: SyncPiece[] = []
  let room = SYNC_CHUNK_BYTES
  for (const [want, { kind, id, from, to, offset: already }] of wants.entries()) {
    for (let index = from; index < to; index++) {
      const content = await read(source, kind, id, index)
      const lacking = content === null || (index === from && already >= content.length)
      if (lacking) {
        pieces.push({ want, index, total: 0, offset: 0, bytes: NOTHING })
        break // its asker finds the rest where it finds this one
      }
      for (let offset = index === from ? already : 0; offset < content.length;) {
        const bytes = content.subarray(offset, offset + room)
        pieces.push({ want, index, total: content.length, offset, bytes })
        offset += bytes.length
        room -= bytes.length
        if (room > 0 && pieces.length < MAX_SYNC_PIECES) continue
        yield { pieces, last: false }
        pieces = []
        room = SYNC_CHUNK_BYTES
      }
    }
    if (pieces.length < MAX_SYNC_PIECES) continue
    yield { pieces, last: false }
    pieces = []
    room = SYNC_CHUNK_BYTES
  }
  yield { pieces, last: true }
}

async function read(source: ContentSource, kind: number, id: Hash, index: number): Promise<Uint8Array | null> {
  if (kind === SyncKind.deltas) return source.delta(id as string as ScAddr, index)
  return kind === SyncKind.bytecode && index === 0 ? source.code(id) : null
}
