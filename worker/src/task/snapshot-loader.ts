import { SNAPSHOT_PART_BYTES, type ScAddr, type StateTip } from '@enigma/protocol'
import type { Enclave } from '../enclave/enclave.ts'
import { decidingCode } from '../net/errors.ts'
import type { Logger } from '../ops/log.ts'
import type { StatusBoard } from '../ops/status-board.ts'
import type { Snapshots } from '../sync/snapshots.ts'

export interface SnapshotLoader {
  /** Puts the enclave at a snapshot between `tip` and `deltaCount`, if there is one worth it; else leaves it as it is. */
  load(scAddr: ScAddr, tip: StateTip, deltaCount: number, signal: AbortSignal): Promise<StateTip>
}

export interface SnapshotLoaderInit {
  readonly enclave: Enclave
  readonly snapshots: Pick<Snapshots, 'best'>
  /** Fewer deltas than this are replayed sooner than a snapshot is asked for. */
  readonly worthDeltas: number
  readonly board: Pick<StatusBoard, 'count'>
  readonly log: Logger
}

/** What `--verify-full` uses: every delta is replayed, no enclave's word for a state is taken. */
export const noSnapshots: SnapshotLoader = { load: (_scAddr, tip) => Promise.resolve(tip) }

/** Takes the newest snapshot in place of the deltas before it (R10). One that is of no use costs time, and nothing else. */
export function createSnapshotLoader({
  enclave,
  snapshots,
  worthDeltas,
  board,
  log
}: SnapshotLoaderInit): SnapshotLoader {
  return {
    async load(scAddr, tip, deltaCount, signal) {
      if (deltaCount - tip.deltaCount < worthDeltas) return tip
      try {
        const found = await snapshots.best(scAddr, tip.deltaCount + worthDeltas - 1, deltaCount, signal)
        if (!found) return tip
        const { signed, ciphertext } = found
        const { snapshot, generation, signature, maker } = signed
        const { headHash } = snapshot
        for (let offset = 0; offset < ciphertext.length; offset += SNAPSHOT_PART_BYTES) {
          const bytes = ciphertext.subarray(offset, offset + SNAPSHOT_PART_BYTES)
          await enclave.call('loadSnapshotPart', { scAddr, headHash, total: ciphertext.length, offset, bytes })
        }
        const after = await enclave.call('openSnapshot', { snapshot, generation, signature, attested: maker })
        const deltas = after.deltaCount - tip.deltaCount
        board.count('snapshots_loaded')
        board.count('deltas_spared', deltas)
        log.info('A snapshot spared a replay', { contract: scAddr, deltas })
        return after
      } catch (err) {
        signal.throwIfAborted()
        board.count('snapshots_refused')
        log.warn('A snapshot was of no use; its deltas are replayed', { contract: scAddr, code: decidingCode(err) })
        return enclave.call('stateTip', { scAddr })
      }
    }
  }
}
