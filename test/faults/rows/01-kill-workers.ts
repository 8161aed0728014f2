import { setTimeout as sleep } from 'node:timers/promises'
import { quantile, must, seconds, type Row } from '../row.ts'
import { audit } from '../support/audit.ts'
import { killAndRestart } from '../support/killing.ts'
import { CountingLoad } from '../support/load.ts'
import { processorMs } from '../support/resources.ts'

/** A worker, any of them, dies at any instant while tasks run. */
export const row: Row = {
  number: 1,
  name: 'kill -9 a random worker under load',
  lane: 'devnet',
  times: { core: 1, full: 20, campaign: 500 },
  minutes: 3,
  async run({ network, random, times, say }) {
    const net = await network()
    const loads = [await CountingLoad.prepare(net)]
    for (const load of loads) load.start()
    const back: number[] = []
    const worked: number[] = []
    for (let kill = 0; kill < times; kill++) {
      await sleep(random.below(1_500))
      await net.withWorker(random, async worker => {
        back.push(await killAndRestart(net, worker, random.below(1_000)))
        worked.push(processorMs(worker.pid!))
        say(`${worker.name} was back after ${seconds(back.at(-1)!)}`)
      })
    }
    const [p95, work] = [quantile(back, 0.95), quantile(worked, 0.95)]
    const figure = await audit(net, loads)
    must(work < 10_000, `being back takes ${seconds(work)} of a processor (p95)`)
    return `${figure}; back with ${seconds(work)} of a processor, in ${seconds(p95)}, p95`
  }
}
