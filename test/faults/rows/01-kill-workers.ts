import { setTimeout as sleep } from 'node:timers/promises'
import { quantile, must, seconds, type Row } from '../row.ts'
import { audit } from '../support/audit.ts'
import { allSynced } from '../support/deltas.ts'
import { Inputs, alarmsOf } from '../support/inputs.ts'
import { CountingLoad } from '../support/load.ts'
import { processorMs } from '../support/resources.ts'

/** Inputs that are on their way to a worker when it dies, some of them just acknowledged. */
const INPUTS = 8
/** Of a processor. The figure is ten seconds by the clock; measured are two of a processor, and the rest is waiting for others. */
const BACK_MS = 5_000

/**
 * A worker, any of them, dies at any instant while tasks run: every second time as soon as it has acknowledged some inputs. Each of those
 * is on its disk, and afterwards all workers have the chain's deltas on theirs.
 */
export const row: Row = {
  number: 1,
  name: 'kill -9 a random worker under load',
  lane: 'devnet',
  times: { core: 1, full: 20, campaign: 500 },
  minutes: 3,
  async run({ network, random, times, say }) {
    const net = await network()
    const { devnet } = net
    const loads = [await CountingLoad.prepare(net)]
    for (const load of loads) load.start()
    const inputs = devnet.workers.map(worker => new Inputs(net, worker, loads[0]!.scAddr, random))
    const back: number[] = []
    const worked: number[] = []
    let looked = 0
    for (let kill = 0; kill < times; kill++) {
      await sleep(random.below(1_500))
      await net.withWorker(random, async worker => {
        const its = inputs[worker.index - 1]!
        const dies = (): Promise<void> => devnet.kill(worker.name, 'SIGKILL')
        if (kill % 2 === 0) await its.sendAndThen(INPUTS, 1 + random.below(INPUTS), dies)
        else await dies()
        const { found, lost } = await its.lookUp()
        must(lost.length === 0, `${lost.length} inputs that ${worker.name} acknowledged are not on its disk: ${lost[0]}`) // prettier-ignore
        looked += found
        await sleep(random.below(1_000))
        const started = performance.now()
        await devnet.restart(worker.name)
        must((await alarmsOf(worker, 'STORE_REPAIRED')) === 0, `${worker.name} takes its death for damage on its disk`)
        back.push(performance.now() - started)
        worked.push(processorMs(worker.pid!))
        say(`${worker.name} was back after ${seconds(back.at(-1)!)}, ${found} acknowledged inputs on its disk`)
      })
    }
    const [p95, work] = [quantile(back, 0.95), quantile(worked, 0.95)]
    const figure = await audit(net, loads)
    const { deltas } = await allSynced(net, [loads[0]!.scAddr], random)
    must(work < BACK_MS, `being back takes ${seconds(work)} of a processor (p95)`)
    must(looked > 0 || times < 20, 'no acknowledged input could be looked up') // it may have had no seat just then
    return `${figure}; ${looked} acknowledged inputs looked up, all on the disk; ${deltas} deltas on every worker; back with ${seconds(work)} of a processor, in ${seconds(p95)}, p95`
  }
}
