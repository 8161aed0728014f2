import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { CRASH_POINTS } from '@enigma/worker'
import { must, type Row } from '../row.ts'
import { audit } from '../support/audit.ts'
import { CountingLoad } from '../support/load.ts'

/** A worker dies right after each of the points at which it has made something durable (R8), and goes on from there. */
export const row: Row = {
  number: 2,
  name: 'kill -9 inside each persistence step',
  lane: 'devnet',
  times: { core: 0, full: 20, campaign: 20 * CRASH_POINTS.length },
  uses: ['workers'],
  async run({ network, random, times }) {
    const net = await network()
    const { devnet } = net
    const loads = [await CountingLoad.prepare(net, { pauseMs: 0 }), await CountingLoad.prepare(net, { pauseMs: 0 })]
    for (const load of loads) load.start()
    const died: string[] = []
    for (let i = 0; i < times; i++) {
      const point = CRASH_POINTS[i % CRASH_POINTS.length]!
      const worker = random.pick(devnet.workers)
      rmSync(join(worker.dataDir, `crashed-at-${point}`), { force: true })
      await devnet.restart(worker.name, { env: { ENIGMA_CRASH_AT: point } })
      const dead = await net
        .eventually(`the death of ${worker.name}`, async () => (worker.pid === undefined ? true : undefined), 40_000)
        .catch(() => false) // it had no seat all the while
      if (dead) died.push(point)
      await devnet.restart(worker.name)
    }
    const reached = CRASH_POINTS.filter(point => died.includes(point))
    const figure = await audit(net, loads)
    must(reached.length >= Math.min(times, CRASH_POINTS.length) - 1, `only ${reached.join(', ')} were reached`)
    return `torn 0 of ${died.length} deaths at ${reached.length} of ${CRASH_POINTS.length} points; ${figure}`
  }
}
