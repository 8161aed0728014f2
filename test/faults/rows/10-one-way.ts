import { must, seconds, type Row } from '../row.ts'
import { audit } from '../support/audit.ts'
import { CountingLoad } from '../support/load.ts'
import { hostsOf, peersOf, whole } from '../support/partitions.ts'

/** A silent path shows after two pings at most (docs/spec/peer-protocols.md), and nothing else has to. */
const NOTICE_MS = 25_000

/** Two workers at a time can be heard, but hear nobody: connections look open and carry nothing. */
export const row: Row = {
  number: 10,
  name: 'one-way partition',
  lane: 'netns',
  times: { core: 0, full: 20, campaign: 20 },
  uses: ['everything'],
  minutes: 5,
  async run({ network, random, times }) {
    const net = await network()
    const hosts = hostsOf(net)
    net.atEnd(() => hosts.heal())
    const load = (await CountingLoad.prepare(net)).start()
    let detected = 0
    let recovered = 0
    let done = 0
    while (done < times) {
      const spared = random.pick(net.devnet.workers)
      const deaf = net.devnet.workers.filter(worker => worker !== spared)
      for (const { name } of deaf) {
        const others = net.names.filter(other => other !== name)
        await hosts.faults(name, Object.fromEntries(others.map(other => [other, { lossPercent: 100 }])))
      }
      const started = performance.now()
      for (const { name } of deaf) {
        await net.eventually(`${name} to notice`, async () => ((await peersOf(net, name)) === 0 ? true : undefined))
      }
      detected = Math.max(detected, performance.now() - started)
      await hosts.heal()
      recovered = Math.max(recovered, await whole(net))
      done += deaf.length
    }
    const figure = await audit(net, [load])
    must(detected < NOTICE_MS, `noticed only after ${seconds(detected)}`)
    must(recovered < 20_000, `recovered only after ${seconds(recovered)}`)
    return `${done} times: noticed in ${seconds(detected)}, recovered in ${seconds(recovered)}; ${figure}`
  }
}
