import { type Row } from '../row.ts'
import { audit } from '../support/audit.ts'
import { atHead, suspend } from '../support/killing.ts'
import { CountingLoad } from '../support/load.ts'

/** A worker's machine sleeps for a minute and wakes up with everything it meant to do. */
export const row: Row = {
  number: 6,
  name: 'SIGSTOP a worker for 60 s',
  lane: 'devnet',
  times: { core: 0, full: 3, campaign: 20 },
  minutes: 1,
  async run({ network, random, times, scale }) {
    const net = await network()
    const loads = [await CountingLoad.prepare(net)]
    for (const load of loads) load.start()
    for (let stop = 0; stop < times; stop++) {
      await net.withWorker(random, async worker => {
        await suspend(net, worker.name, scale === 'campaign' ? 60_000 : 10_000)
        await atHead(net, worker) // the others do its tasks meanwhile: only here is it seen that it came back
      })
      await net.blocks(6)
    }
    return audit(net, loads)
  }
}
