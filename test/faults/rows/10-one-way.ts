import { must, seconds, type Row } from '../row.ts'
import { audit } from '../support/audit.ts'
import { CountingLoad } from '../support/load.ts'
import { hostsOf, peersOf, whole } from '../support/partitions.ts'

/** A worker can be heard, but hears nobody: connections look open and carry nothing. */
export const row: Row = {
  number: 10,
  name: 'one-way partition',
  lane: 'netns',
  times: { core: 0, full: 20, campaign: 20 },
  uses: ['everything'],
  minutes: 8,
  async run({ network, random, times }) {
    const net = await network()
    const hosts = hostsOf(net)
    const load = (await CountingLoad.prepare(net)).start()
    const names = ['principal', ...net.devnet.workers.map(worker => worker.name)]
    let detected = 0
    let recovered = 0
    for (let i = 0; i < times; i++) {
      const { name } = random.pick(net.devnet.workers)
      const others = names.filter(other => other !== name)
      await hosts.faults(name, Object.fromEntries(others.map(other => [other, { lossPercent: 100 }])))
      const started = performance.now()
      await net.eventually(`${name} to notice`, async () => ((await peersOf(net, name)) === 0 ? true : undefined))
      detected = Math.max(detected, performance.now() - started)
      await hosts.heal()
      recovered = Math.max(recovered, await whole(net))
    }
    const figure = await audit(net, [load])
    must(recovered < 20_000, `recovered only after ${seconds(recovered)}`)
    return `noticed in ${seconds(detected)}, recovered in ${seconds(recovered)}; ${figure}`
  }
}
