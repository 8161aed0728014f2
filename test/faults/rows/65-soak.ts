import { setTimeout as sleep } from 'node:timers/promises'
import { flapping, honest } from '@enigma/faults'
import { processTree } from '@enigma/devnet'
import { must, type Row } from '../row.ts'
import { audit } from '../support/audit.ts'
import { killAndRestart, suspend } from '../support/killing.ts'
import { CountingLoad } from '../support/load.ts'
import { MIB } from '../support/resources.ts'

/** Faults of the rows before, mixed, for as long as the scale says: 3 minutes, or 8 hours. */
export const row: Row = {
  number: 65,
  name: 'soak with mixed faults',
  lane: 'devnet',
  times: { core: 0, full: 1, campaign: 1 },
  uses: ['everything'],
  async run({ network, random, scale, say }) {
    const net = await network()
    const { devnet } = net
    const loads = [await CountingLoad.prepare(net), await CountingLoad.prepare(net), await CountingLoad.prepare(net)]
    for (const load of loads) load.start()
    const until = performance.now() + (scale === 'campaign' ? 8 * 3_600_000 : 180_000)
    const done: Record<string, number> = {}
    while (performance.now() < until) {
      const worker = random.pick(devnet.workers)
      const faults: Record<string, () => Promise<unknown>> = {
        kill: () => killAndRestart(net, worker),
        stop: () => devnet.kill(worker.name, 'SIGTERM').then(() => devnet.restart(worker.name)),
        suspend: () => suspend(net, worker.name, 3_000),
        'kill the principal': () => devnet.kill('principal', 'SIGKILL').then(() => devnet.restart('principal')),
        'flapping endpoint': async () => {
          net.front(worker.name).behave(flapping(random, 0.3))
          await sleep(5_000)
          net.front(worker.name).behave(honest)
        }
      }
      const name = random.pick(Object.keys(faults))
      say(`${name} (${worker.name})`)
      await faults[name]!()
      done[name] = (done[name] ?? 0) + 1
      await sleep(random.below(4_000))
    }
    const figure = await audit(net, loads)
    const largest = Math.max(...devnet.workers.map(worker => processTree(worker.pid!)[0]!.residentBytes)) / MIB
    must(largest < 512, `a worker has ${largest.toFixed(0)} MiB`)
    return `${figure}; drift 0; largest worker ${largest.toFixed(0)} MiB; ${JSON.stringify(done)}`
  }
}
