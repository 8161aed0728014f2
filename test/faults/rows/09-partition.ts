import { setTimeout as sleep } from 'node:timers/promises'
import { must, seconds, type Row } from '../row.ts'
import { audit } from '../support/audit.ts'
import { allSynced } from '../support/deltas.ts'
import { CountingLoad } from '../support/load.ts'
import { LonelyWorker } from '../support/lonely.ts'
import { hostsOf, whole } from '../support/partitions.ts'

/** Workers parted 2 to 1, with the principal on either side. Who is without it can prove nothing of the chain, so it runs nothing. */
const PARTINGS = [
  [['principal', 'worker1', 'worker2'], ['worker3']],
  [['worker1', 'worker2'], ['principal', 'worker3']]
] as const // prettier-ignore

/** Views that were asked for before the cut may still be opened. */
const SETTLE_MS = 4_000
const PATIENCE_MS = 60_000

/**
 * While parted: tasks with a seat on the lonely side are open, that side makes no run, answers no query, has no result and no end of a
 * task that the chain does not have; the other side goes on verifying tasks. Healed: every worker has the chain's deltas on its disk.
 */
export const row: Row = {
  number: 9,
  name: 'partition of the workers for 60 s',
  lane: 'netns',
  times: { core: 0, full: 3, campaign: 100 },
  uses: ['everything'],
  minutes: 3,
  async run({ network, random, times, scale, say }) {
    const net = await network()
    const hosts = hostsOf(net)
    net.atEnd(() => hosts.heal())
    // One user on either side of each cut: an input reaches the seats that its worker reaches.
    const loads = [
      await CountingLoad.prepare(net, { rpc: [net.worker(1).httpUrl] }),
      await CountingLoad.prepare(net, { rpc: [net.worker(3).httpUrl] })
    ]
    const contracts = loads.map(load => load.scAddr)
    const watched = await Promise.all(net.devnet.workers.map(worker => LonelyWorker.of(net, worker)))
    let [slowest, synced, meanwhile, deltas] = [0, 0, 0, 0]
    const verifiedSince = async (block: number): Promise<number> =>
      (await Promise.all(loads.map(load => load.verified(block)))).flat().length
    for (let i = 0; i < times; i++) {
      const groups = PARTINGS[i % PARTINGS.length]!
      const names: readonly string[] = groups.find(group => !(group as readonly string[]).includes('principal'))!
      const lonely = watched.filter(({ worker }) => names.includes(worker.name))
      for (const load of loads) load.start()
      await net.blocks(4)
      for (const one of lonely) {
        const answered = async (): Promise<true | undefined> =>
          (await one.query(contracts[0]!)) === 'answered' ? true : undefined
        await net.eventually(`${one.worker.name} to answer a query before the cut`, answered)
      }
      await hosts.partition(...groups)
      await sleep(SETTLE_MS)
      const since = await net.devnet.blockNumber()
      for (const one of lonely) await one.noRunsFromNow()
      const until = performance.now() + (scale === 'campaign' ? 60_000 : 10_000)
      const refused = Promise.all(lonely.map(one => one.requireNoAnswer(contracts[0]!)))
      refused.catch(() => undefined) // awaited below
      const held = (): number => lonely.reduce((sum, one) => sum + one.open.size, 0)
      const heldBefore = held()
      // A seat is drawn anew for each epoch: a side may have none of a contract for a while.
      while (performance.now() < until || (held() === heldBefore && performance.now() < until + PATIENCE_MS)) {
        for (const one of lonely) await one.look(loads, since)
        await sleep(500)
      }
      must(held() > heldBefore, `no open task had a seat at ${names.join(', ')}`)
      await net.eventually('a task that the side with the principal verified', async () =>
        (await verifiedSince(since)) > 0 ? true : undefined
      )
      await refused
      for (const one of lonely) await one.requireNoRuns()
      meanwhile += await verifiedSince(since)
      await hosts.heal()
      slowest = Math.max(slowest, await whole(net))
      const found = await allSynced(net, contracts, random)
      synced = Math.max(synced, slowest + found.ms)
      deltas = found.deltas
      say(`whole after ${seconds(slowest)}, ${found.deltas} deltas on every worker ${seconds(found.ms)} later`)
      for (const load of loads) await load.stop()
      await net.blocks(25) // what was recorded meanwhile ends
    }
    const figure = await audit(net, loads)
    const last = await allSynced(net, contracts, random)
    must(synced < 15_000, `synced again only after ${seconds(synced)}`)
    const open = watched.reduce((sum, one) => sum + one.open.size, 0)
    const refusals = watched.map(({ refusals: codes }) => JSON.stringify(codes)).join(' ')
    return `diverged stores 0 (${Math.max(deltas, last.deltas)} deltas on each of ${net.devnet.workers.length}), synced ${seconds(synced)} after healing; without the principal runs 0 with ${open} open tasks of its seats, queries refused ${refusals}; verified by the other side meanwhile ${meanwhile}; ${figure}`
  }
}
