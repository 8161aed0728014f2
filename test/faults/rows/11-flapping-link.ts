import { setTimeout as sleep } from 'node:timers/promises'
import { must, type Row } from '../row.ts'
import { audit } from '../support/audit.ts'
import { CountingLoad } from '../support/load.ts'
import { liveBytesOf } from '../support/heap.ts'
import { hostsOf, whole } from '../support/partitions.ts'
import { MIB } from '../support/resources.ts'

/** A link that comes and goes every second. */
export const row: Row = {
  number: 11,
  name: 'flapping link 1 s on/off for 5 min',
  lane: 'netns',
  times: { core: 0, full: 3, campaign: 3 },
  uses: ['everything'],
  minutes: 4,
  async run({ network, times, scale, say }) {
    const net = await network()
    const hosts = hostsOf(net)
    net.atEnd(() => hosts.heal())
    const load = (await CountingLoad.prepare(net)).start()
    const { name } = net.worker(1)
    const minutes = scale === 'campaign' ? 5 : 5 / 6
    let worst = 0
    let growth = 0
    const flap = async (ms: number): Promise<void> => {
      const until = performance.now() + ms
      while (performance.now() < until) {
        await hosts.partition(['worker1'], ['principal', 'worker2', 'worker3'])
        await sleep(1_000)
        await hosts.heal()
        await sleep(1_000)
      }
    }
    for (let i = 0; i < times; i++) {
      await flap(10_000) // what a node sets aside at its first reconnections is no leak
      const before = net.log('worker1').length
      const heldBefore = await liveBytesOf(net, name)
      await flap(minutes * 60_000)
      const met =
        net
          .log('worker1')
          .slice(before)
          .match(/Peer (verified|gone|up)/g)?.length ?? 0
      worst = Math.max(worst, met / minutes)
      await whole(net)
      const held = await liveBytesOf(net, name)
      growth = Math.max(growth, held / heldBefore - 1)
      say(`${(heldBefore / MIB).toFixed(1)} MiB live before, ${(held / MIB).toFixed(1)} after`)
    }
    const figure = await audit(net, [load])
    must(worst < 60, `${worst.toFixed(0)} connections came and went each minute`)
    must(growth < 0.1, `the live memory of the worker grew by ${(100 * growth).toFixed(1)} %`)
    return `${worst.toFixed(0)} comings and goings a minute; live memory of the worker +${(100 * growth).toFixed(1)} %; ${figure}`
  }
}
