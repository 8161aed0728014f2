import { MAX_MESSAGE_BYTES, MAX_UNDO_DEPTH, ZERO_HASH, type Hash, type ScAddr, type StateTip } from '@enigma/protocol'
import type { ChainReader } from '../chain/reader.ts'
import type { Enclave } from '../enclave/enclave.ts'
import type { ContentStore, DeltaSync } from '../sync/interfaces.ts'
import type { StatusBoard } from '../ops/status-board.ts'
import { WorkerError, refusal } from '../errors.ts'
import { noSnapshots, type SnapshotLoader } from './snapshot-loader.ts'

/** Brings an enclave what it needs of a contract: its code, and its deltas up to a head. */
export interface EnclaveFeed {
  /**
   * Code `codeHash` is loaded, and the state stands at `deltaCount`, when this resolves.
   *
   * @throws SYNC_INCOMPLETE if no peer has what is missing; ENCLAVE_REFUSED; CHAIN_BEHIND if the enclave is ahead.
   */
  bring(scAddr: ScAddr, codeHash: Hash, deltaCount: number, signal: AbortSignal): Promise<void>
  /** Does `work` with the state at `deltaCount`, going back to it if need be; nobody moves the state meanwhile. */
  at<T>(scAddr: ScAddr, codeHash: Hash, deltaCount: number, signal: AbortSignal, work: () => Promise<T>): Promise<T>
  /** Loads the code again, if the enclave let it go. */
  forgetCode(codeHash: Hash): void
}

const MAX_DELTAS = 64
/** Room for the list's own bytes in a frame. */
const MAX_BATCH_BYTES = MAX_MESSAGE_BYTES - 64 * 1024

export function createEnclaveFeed(
  chain: ChainReader,
  enclave: Enclave,
  content: Pick<ContentStore, 'getBytecode'>,
  sync: Pick<DeltaSync, 'ensureBytecode' | 'deltas'>,
  snapshots: SnapshotLoader = noSnapshots,
  board?: Pick<StatusBoard, 'count'>
): EnclaveFeed {
  let loaded = { generation: -1, codes: new Set<Hash>() }
  /** Where the enclave's states stand: nobody else moves them. */
  const tips = new Map<ScAddr, { readonly tip: StateTip; readonly generation: number }>()
  const lanes = new Map<ScAddr, Promise<unknown>>()

  async function bringCode(codeHash: Hash, signal: AbortSignal): Promise<void> {
    if (loaded.generation !== enclave.generation) loaded = { generation: enclave.generation, codes: new Set() }
    const { codes } = loaded
    if (codes.has(codeHash)) return
    const bytecode = (await content.getBytecode(codeHash)) ?? (await sync.ensureBytecode(codeHash, signal))
    await enclave.call('loadCode', { bytecode })
    codes.add(codeHash)
  }

  /** The enclave's tip is a head of this contract's history on chain. */
  function onChain(scAddr: ScAddr, tip: StateTip): boolean {
    if (tip.deltaCount === 0) return tip.headHash === ZERO_HASH
    return chain.contract(scAddr)?.steps[tip.deltaCount - 1]?.headHash === tip.headHash
  }

  /**
   * Back to the last point that the chain shares with the enclave, and not above `atMost`. One that is held costs nothing of what came
   * before it; without one the enclave starts anew.
   */
  async function goBack(scAddr: ScAddr, tip: StateTip, atMost: number): Promise<StateTip> {
    const steps = chain.contract(scAddr)?.steps ?? []
    const deltaCount = Math.min(tip.deltaCount, atMost, steps.length)
    const heads: Hash[] = []
    for (let count = deltaCount; count >= 0 && heads.length < MAX_UNDO_DEPTH; count--) {
      heads.push(count === 0 ? ZERO_HASH : steps[count - 1]!.headHash)
    }
    try {
      const after = await enclave.call('revertState', { scAddr, deltaCount, heads })
      board?.count('states_reverted')
      board?.count('deltas_undone', tip.deltaCount - after.deltaCount)
      return after
    } catch (error) {
      if (refusal(error) !== 'ENCLAVE_POINT_UNKNOWN') throw error
    }
    await enclave.call('dropState', { scAddr })
    board?.count('states_dropped')
    return enclave.call('stateTip', { scAddr })
  }

  async function bringState(scAddr: ScAddr, deltaCount: number, signal: AbortSignal, back = false): Promise<void> {
    const { generation } = enclave
    const known = tips.get(scAddr)
    tips.delete(scAddr) // whatever ends half way: the enclave is asked again
    const tip = known?.generation === generation ? known.tip : await enclave.call('stateTip', { scAddr })
    tips.set(scAddr, { tip: await broughtFrom(tip, scAddr, deltaCount, signal, back), generation })
  }

  /** @returns where the state stands now */
  async function broughtFrom(
    tip: StateTip,
    scAddr: ScAddr,
    deltaCount: number,
    signal: AbortSignal,
    back: boolean
  ): Promise<StateTip> {
    if (!onChain(scAddr, tip) || (back && tip.deltaCount > deltaCount)) tip = await goBack(scAddr, tip, deltaCount)
    if (tip.deltaCount > deltaCount) {
      throw new WorkerError(
        { code: 'CHAIN_BEHIND', wanted: tip.deltaCount, head: deltaCount },
        'The view is older than the state that the enclave holds.'
      )
    }
    tip = await snapshots.load(scAddr, tip, deltaCount, signal)
    if (!onChain(scAddr, tip)) tip = await goBack(scAddr, tip, deltaCount) // a reorg took the snapshot's head meanwhile
    while (tip.deltaCount < deltaCount) {
      signal.throwIfAborted()
      const to = Math.min(deltaCount, tip.deltaCount + MAX_DELTAS)
      const deltas = await sync.deltas(scAddr, tip.deltaCount, to, signal)
      let size = 0
      const fits = deltas.findIndex(delta => (size += delta.length + 4) > MAX_BATCH_BYTES)
      const before = tip.deltaCount
      tip = await enclave.call('applyDeltas', {
        scAddr,
        deltas: fits === -1 ? deltas : deltas.slice(0, Math.max(1, fits))
      })
      if (tip.deltaCount <= before) {
        throw new WorkerError(
          { code: 'ENCLAVE_REFUSED', method: 'applyDeltas', reason: 'ENCLAVE_DELTA_REFUSED' },
          `The enclave took no delta of ${scAddr} beyond ${before}.`
        )
      }
      board?.count('deltas_replayed', tip.deltaCount - before)
    }
    return tip
  }

  /** One at a time per contract: two feeders would hand over the same delta twice. */
  async function inLane<T>(scAddr: ScAddr, work: () => Promise<T>): Promise<T> {
    const before = lanes.get(scAddr) ?? Promise.resolve()
    const mine = before.then(work)
    const settled = mine.catch(() => undefined)
    lanes.set(scAddr, settled)
    try {
      return await mine
    } finally {
      if (lanes.get(scAddr) === settled) lanes.delete(scAddr)
    }
  }

  return {
    forgetCode: codeHash => void loaded.codes.delete(codeHash),
    bring: (scAddr, codeHash, deltaCount, signal) =>
      inLane(scAddr, async () => {
        await bringCode(codeHash, signal)
        await bringState(scAddr, deltaCount, signal)
      }),
    at: (scAddr, codeHash, deltaCount, signal, work) =>
      inLane(scAddr, async () => {
        await bringCode(codeHash, signal)
        await bringState(scAddr, deltaCount, signal, true)
        return work()
      })
  }
}
