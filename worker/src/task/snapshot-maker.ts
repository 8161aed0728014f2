import type { Address, ScAddr, SignedSnapshot } from '@enigma/protocol'
import type { ChainReader } from '../chain/reader.ts'
import type { Enclave } from '../enclave/enclave.ts'
import { sleep } from '../net/deadline.ts'
import { decidingCode } from '../net/errors.ts'
import type { Logger } from '../ops/log.ts'
import type { StatusBoard } from '../ops/status-board.ts'
import type { Snapshots } from '../sync/snapshots.ts'
import type { EnclaveFeed } from './feed.ts'
import type { ChainViews } from './views.ts'

export interface SnapshotMakerInit {
  readonly chain: ChainReader
  readonly enclave: Enclave
  readonly views: ChainViews
  readonly feed: Pick<EnclaveFeed, 'bring'>
  readonly snapshots: Pick<Snapshots, 'keep'>
  readonly signer: Address
  readonly board: Pick<StatusBoard, 'count'>
  readonly log: Logger
  /** Deltas between two snapshots of a contract. */
  readonly everyDeltas: number
  /** Between a delta and the making: others first. */
  readonly pauseMs?: number
}

const LIMIT_MS = 30_000

/**
 * Makes a snapshot of each contract of which this worker holds a seat, every so many deltas: the first seat, and the others if
 * twice as many have gone by. One at a time, when the contract is quiet enough for a view to stand at its head.
 */
export function startSnapshotMaker(init: SnapshotMakerInit): { stop(): Promise<void> } {
  const { chain, signer, everyDeltas, board, log, pauseMs = 1_000 } = init
  const stopped = new AbortController()
  const made = new Map<ScAddr, number>()
  const due = new Set<ScAddr>()
  let work: Promise<void> | null = null

  function isDue(scAddr: ScAddr): boolean {
    const contract = chain.contract(scAddr)
    const epoch = chain.currentEpoch()?.epoch
    if (!contract || epoch === undefined) return false
    const seat = chain.seats(epoch, scAddr).findIndex(leaf => leaf.signer === signer)
    if (seat < 0) return false
    const last = Math.min(made.get(scAddr) ?? 0, contract.deltaCount)
    return contract.deltaCount - last >= (seat === 0 ? everyDeltas : 2 * everyDeltas)
  }

  async function makeAll(): Promise<void> {
    for (const scAddr of due) {
      due.delete(scAddr)
      await sleep(pauseMs, stopped.signal)
      if (stopped.signal.aborted || !isDue(scAddr)) continue
      try {
        const signed = await make(init, scAddr, AbortSignal.any([stopped.signal, AbortSignal.timeout(LIMIT_MS)]))
        made.set(scAddr, signed.snapshot.deltaCount)
        board.count('snapshots_made')
        log.info('Made a snapshot', { contract: scAddr, deltas: signed.snapshot.deltaCount, bytes: signed.bytes })
      } catch (err) {
        log.debug('No snapshot this time', { contract: scAddr, code: decidingCode(err) }) // the next delta asks again
      }
    }
  }

  const unsubscribe = chain.subscribe(event => {
    if (event.type !== 'delta' || !isDue(event.scAddr)) return
    due.add(event.scAddr)
    work ??= makeAll().finally(() => (work = null))
  })
  return {
    async stop() {
      unsubscribe()
      stopped.abort()
      await work
    }
  }
}

/** @throws ENCLAVE_STATE_NOT_AT_HEAD and others, if the contract moved on meanwhile. */
async function make(
  { chain, enclave, views, feed, snapshots, signer }: SnapshotMakerInit,
  scAddr: ScAddr,
  signal: AbortSignal
): Promise<SignedSnapshot> {
  const maker = chain.workerBySigner(signer)!.attested
  const { nonce, view } = await views.open([{ scAddr, taskIds: [] }], chain.head().number, signal)
  const { codeHash, deltaCount } = view.contracts.find(contract => contract.scAddr === scAddr)!
  await feed.bring(scAddr, codeHash, deltaCount, signal)
  const { snapshot, generation, signature, bytes } = await enclave.call('makeSnapshot', { nonce, scAddr })
  const ciphertext = new Uint8Array(bytes)
  for (let offset = 0; offset < bytes;) {
    signal.throwIfAborted()
    const { headHash } = snapshot
    const part = (await enclave.call('snapshotPart', { scAddr, headHash, offset })).bytes
    ciphertext.set(part, offset)
    offset += part.length
    if (part.length === 0) throw new Error('The enclave gave an empty part.')
  }
  const signed: SignedSnapshot = { snapshot, generation, bytes, signature, maker }
  await snapshots.keep(signed, ciphertext)
  return signed
}
