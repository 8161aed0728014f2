import { bytes, bytes32, fixedBytes, message, u32 } from '../codec.ts'
import { attested } from '../chain-view.ts'
import type { ScAddr } from '../ids.ts'
import type {
  MakeSnapshotRequest,
  MakeSnapshotResponse,
  ReadSnapshotPartRequest,
  ReadSnapshotPartResponse,
  LoadSnapshotPartRequest,
  OpenSnapshotRequest
} from './calls.ts'
import { SNAPSHOT_PART_BYTES, snapshotCodec } from '../snapshot.ts'
import { empty, stateTip, type CodecsOf } from './call-parts.ts'

/** The calls about snapshots (R10). */
export const snapshotCodecs: CodecsOf<'makeSnapshot' | 'snapshotPart' | 'loadSnapshotPart' | 'openSnapshot'> = {
  makeSnapshot: {
    request: message<MakeSnapshotRequest>('MakeSnapshotRequest', 1, { nonce: bytes32(), scAddr: bytes32<ScAddr>() }),
    response: message<MakeSnapshotResponse>('MakeSnapshotResponse', 1, {
      snapshot: snapshotCodec,
      generation: u32,
      signature: fixedBytes(65),
      bytes: u32
    })
  },
  snapshotPart: {
    request: message<ReadSnapshotPartRequest>('ReadSnapshotPartRequest', 1, {
      scAddr: bytes32<ScAddr>(),
      headHash: bytes32(),
      offset: u32
    }),
    response: message<ReadSnapshotPartResponse>('ReadSnapshotPartResponse', 1, { bytes: bytes(SNAPSHOT_PART_BYTES) })
  },
  loadSnapshotPart: {
    request: message<LoadSnapshotPartRequest>('LoadSnapshotPartRequest', 1, {
      scAddr: bytes32<ScAddr>(),
      headHash: bytes32(),
      total: u32,
      offset: u32,
      bytes: bytes(SNAPSHOT_PART_BYTES)
    }),
    response: empty('Done')
  },
  openSnapshot: {
    request: message<OpenSnapshotRequest>('OpenSnapshotRequest', 1, {
      snapshot: snapshotCodec,
      generation: u32,
      signature: fixedBytes(65),
      attested
    }),
    response: stateTip
  }
}
