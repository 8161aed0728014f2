import { setTimeout as sleep } from 'node:timers/promises'
import { must, seconds, type Row } from '../row.ts'
import { audit } from '../support/audit.ts'
import { CountingLoad } from '../support/load.ts'

/** Every role is asked to stop while tasks run, and started again. */
export const row: Row = {
  number: 8,
  name: 'SIGTERM under load, every role',
  lane: 'devnet',
  times: { core: 2, full: 20, campaign: 50 },
  minutes: 3,
  async run({ network, random, times }) {
    const net = await network()
    const { devnet } = net
    const loads = [await CountingLoad.prepare(net, { pauseMs: 0 })]
    for (const load of loads) load.start()
    let slowest = 0
    for (let stop = 0; stop < times; stop++) {
      await sleep(random.below(1_000))
      const wanted = net.names[stop % net.names.length]!
      await net.withNode(random, [wanted], async ({ name }) => {
        const started = performance.now()
        await devnet.kill(name, 'SIGTERM')
        slowest = Math.max(slowest, performance.now() - started)
        must(slowest < 10_000, `${name} needed ${seconds(slowest)} to stop`)
        const exit = devnet.exitOf(name)
        must(exit === 'exit code 0', `${name} ended with ${exit}`)
        await devnet.restart(name)
      })
    }
    return `slowest end ${seconds(slowest)}, all with code 0; ${await audit(net, loads)}`
  }
}
