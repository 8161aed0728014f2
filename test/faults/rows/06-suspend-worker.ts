import { setTimeout as sleep } from 'node:timers/promises'
import { type Row } from '../row.ts'
import { audit } from '../support/audit.ts'
import { atHead } from '../support/killing.ts'
import { CountingLoad } from '../support/load.ts'
import { believedBy } from '../support/partitions.ts'

/**
 * A worker's machine sleeps, until all others have given it up at least, and wakes up with everything it meant to do. Meanwhile the
 * others verify tasks that were recorded after it fell asleep; awake, it follows the chain and takes part in tasks again.
 */
export const row: Row = {
  number: 6,
  name: 'SIGSTOP a worker for 60 s',
  lane: 'devnet',
  times: { core: 0, full: 3, campaign: 20 },
  minutes: 2,
  async run({ network, random, times, scale, say }) {
    const net = await network()
    const { devnet } = net
    const loads = [await CountingLoad.prepare(net), await CountingLoad.prepare(net)]
    for (const load of loads) load.start()
    let meanwhile = 0
    for (let stop = 0; stop < times; stop++) {
      await net.withWorker(random, async worker => {
        const { name } = worker
        await devnet.kill(name, 'SIGSTOP')
        try {
          const since = (await devnet.blockNumber()) + 1
          const verified = async (): Promise<number> =>
            (await Promise.all(loads.map(load => load.verified(since)))).flat().length
          await sleep(scale === 'campaign' ? 60_000 : 10_000)
          await net.eventually(`a verified task while ${name} sleeps`, async () =>
            (await verified()) > 0 ? true : undefined
          )
          await net.eventually(`${name} to be given up`, async () =>
            (await believedBy(net, worker)).length === 0 ? true : undefined
          )
          meanwhile += await verified()
        } finally {
          await devnet.kill(name, 'SIGCONT')
        }
        const length = net.log(name).length
        await atHead(net, worker) // the others do its tasks meanwhile: only here is it seen that it came back
        await net.eventually(`${name} to accept a task again`, async () =>
          /stage=accepted/.test(net.log(name).slice(length)) ? true : undefined
        )
        say(`${stop + 1}: ${meanwhile} tasks verified meanwhile so far`)
      })
    }
    return `${await audit(net, loads)}; ${meanwhile} verified while it slept; it took part again ${times} of ${times} times`
  }
}
