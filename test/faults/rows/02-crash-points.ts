import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { DevnetWorker } from '@enigma/devnet'
import { CRASH_POINTS, type CrashPoint } from '@enigma/worker'
import { must, type Row } from '../row.ts'
import { audit } from '../support/audit.ts'
import { CountingLoad } from '../support/load.ts'

/** Waits no longer for one worker to get to its point: it may have no seat that commits for some epochs. */
const PATIENCE_MS = 45_000

/**
 * Workers die right after each of the points at which they have made something durable (R8), and go on from there. All of them wait for
 * a point at any time, each for another one: who dies is started again with the point that was reached least.
 */
export const row: Row = {
  number: 2,
  name: 'kill -9 inside each persistence step',
  lane: 'devnet',
  times: { core: 0, full: 4 * CRASH_POINTS.length, campaign: 20 * CRASH_POINTS.length },
  uses: ['everything'],
  minutes: 5,
  async run({ network, times, say }) {
    const net = await network()
    const { devnet } = net
    const loads = [await CountingLoad.prepare(net, { pauseMs: 0 }), await CountingLoad.prepare(net, { pauseMs: 0 })]
    for (const load of loads) load.start()
    const died = new Map<CrashPoint, number>(CRASH_POINTS.map(point => [point, 0]))
    const aimed = new Map<CrashPoint, number>(CRASH_POINTS.map(point => [point, 0]))
    let deaths = 0
    const rare = (): CrashPoint =>
      CRASH_POINTS.toSorted((a, b) => died.get(a)! + aimed.get(a)! - died.get(b)! - aimed.get(b)!)[0]!
    const dyingAgain = async (worker: DevnetWorker): Promise<void> => {
      while (deaths < times) {
        const point = rare()
        aimed.set(point, aimed.get(point)! + 1)
        rmSync(join(worker.dataDir, `crashed-at-${point}`), { force: true })
        await devnet.restart(worker.name, { env: { ENIGMA_CRASH_AT: point } }).catch(() => undefined) // died before it was ready
        const dead = async (): Promise<true | undefined> =>
          worker.pid === undefined || deaths >= times ? true : undefined
        const met = await net.eventually(`the death of ${worker.name}`, dead, PATIENCE_MS).catch(() => false)
        aimed.set(point, aimed.get(point)! - 1)
        if (!met || worker.pid !== undefined) continue
        died.set(point, died.get(point)! + 1)
        deaths += 1
        say(`${worker.name} died at ${point}, ${deaths} of ${times}`)
      }
    }
    await Promise.all(devnet.workers.map(dyingAgain))
    await Promise.all(devnet.workers.map(worker => devnet.restart(worker.name)))
    const figure = await audit(net, loads)
    const counts = CRASH_POINTS.map(point => `${point} ${died.get(point)}`).join(', ')
    const least = Math.min(...died.values())
    must(least >= Math.floor(times / CRASH_POINTS.length / 2), `too few deaths at some points: ${counts}`)
    return `torn 0 of ${deaths} deaths at ${[...died.values()].filter(n => n > 0).length} of ${CRASH_POINTS.length} points (${counts}); ${figure}`
  }
}
