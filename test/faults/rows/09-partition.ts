import { setTimeout as sleep } from 'node:timers/promises'
import { must, seconds, type Row } from '../row.ts'
import { audit } from '../support/audit.ts'
import { CountingLoad } from '../support/load.ts'
import { hostsOf, runsSince, whole } from '../support/partitions.ts'

/** Workers parted 2 to 1, with the principal on either side. Who is without it can prove nothing of the chain, so it runs nothing. */
const PARTINGS = [
  [['principal', 'worker1', 'worker2'], ['worker3']],
  [['worker1', 'worker2'], ['principal', 'worker3']]
] as const // prettier-ignore

/** Views that were asked for before the cut may still be opened. */
const SETTLE_MS = 4_000

export const row: Row = {
  number: 9,
  name: 'partition of the workers for 60 s',
  lane: 'netns',
  times: { core: 0, full: 3, campaign: 100 },
  uses: ['everything'],
  minutes: 2,
  async run({ network, times, scale }) {
    const net = await network()
    const hosts = hostsOf(net)
    net.atEnd(() => hosts.heal())
    const loads = [await CountingLoad.prepare(net), await CountingLoad.prepare(net)]
    let slowest = 0
    let without = 0
    for (let i = 0; i < times; i++) {
      const groups = PARTINGS[i % PARTINGS.length]!
      const lonely = groups.find(group => !(group as readonly string[]).includes('principal'))!
      for (const load of loads) load.start()
      await net.blocks(4)
      await hosts.partition(...groups)
      await sleep(SETTLE_MS)
      const lengths = lonely.map(name => net.log(name).length)
      await sleep(scale === 'campaign' ? 60_000 : 10_000)
      for (const [k, name] of lonely.entries()) {
        const runs = runsSince(net, name, lengths[k]!)
        must(runs.length === 0, `${name}, without the principal, ran: ${runs[0]}`)
        without += 1
      }
      await hosts.heal()
      slowest = Math.max(slowest, await whole(net))
      for (const load of loads) await load.stop()
      await net.blocks(25) // what was recorded meanwhile ends
    }
    const figure = await audit(net, loads)
    must(slowest < 15_000, `whole again only after ${seconds(slowest)}`)
    return `runs without the principal 0 (${without} workers looked at); whole again in ${seconds(slowest)}; ${figure}`
  }
}
