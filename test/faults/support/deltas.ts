import type { Random } from '@enigma/faults'
import { ZERO_HASH, type Hash, type ScAddr } from '@enigma/protocol'
import type { DevnetWorker } from '@enigma/devnet'
import { LevelContentStore, quiet } from '@enigma/worker/testing'
import { withDiskCopy } from './disk-copy.ts'
import type { FaultNet } from './fault-net.ts'

export interface ChainDelta {
  readonly scAddr: ScAddr
  readonly index: number
  readonly hash: Hash
}

/** The deltas that the chain names for these contracts until now. */
export async function deltasOnChain({ ledger }: FaultNet, contracts: readonly ScAddr[]): Promise<ChainDelta[]> {
  const event = ledger.enigma.getEvent('ReceiptVerified')
  const found = await Promise.all(contracts.map(scAddr => ledger.enigma.queryFilter(event(null, scAddr), 0)))
  return found.flat().flatMap(log => {
    const { scAddr, deltaHash, deltaCount } = (log as unknown as { args: { scAddr: ScAddr; deltaHash: Hash; deltaCount: bigint } }).args // prettier-ignore
    return deltaHash === ZERO_HASH ? [] : [{ scAddr, index: Number(deltaCount) - 1, hash: deltaHash }]
  })
}

/** Those of them that are not on a worker's disk now. */
export function missingOn(net: FaultNet, worker: DevnetWorker, deltas: readonly ChainDelta[]): Promise<ChainDelta[]> {
  return withDiskCopy(net, worker, async db => {
    const store = await LevelContentStore.open(db, quiet)
    const here = await Promise.all(deltas.map(({ scAddr, index, hash }) => store.hasDelta(scAddr, index, hash)))
    return deltas.filter((_, i) => !here[i])
  })
}

/** Waits until every worker has on its disk what the chain names of these contracts now. Gives how many deltas, and the time in ms. */
export async function allSynced(
  net: FaultNet,
  contracts: readonly ScAddr[],
  random: Random
): Promise<{ deltas: number; ms: number }> {
  const started = performance.now()
  const wanted = await deltasOnChain(net, contracts)
  for (const worker of net.devnet.workers) {
    await net.eventually(`the deltas of the chain on ${worker.name}`, async () => {
      const missing = await net.withNode(random, [worker.name], () => missingOn(net, worker, wanted))
      if (missing.length === 0) return true
      throw new Error(`${missing.length} of ${wanted.length} are missing, such as ${missing[0]!.hash}`)
    })
  }
  return { deltas: wanted.length, ms: performance.now() - started }
}
