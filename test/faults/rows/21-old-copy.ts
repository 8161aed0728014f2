import { cpSync, renameSync, rmSync } from 'node:fs'
import type { DevnetWorker } from '@enigma/devnet'
import { callWorker } from 'enigma-js'
import type { Row } from '../row.ts'
import { audit } from '../support/audit.ts'
import { CountingLoad } from '../support/load.ts'

/** A worker comes back with the disk of an earlier day; the others went on meanwhile. */
export const row: Row = {
  number: 21,
  name: "restore yesterday's disk copy",
  lane: 'devnet',
  times: { core: 0, full: 20, campaign: 100 },
  minutes: 6,
  async run({ network, random, times }) {
    const net = await network()
    const { devnet } = net
    const loads = [await CountingLoad.prepare(net, { pauseMs: 0 })]
    /** One task to its end; refunded, if its seats are down for other rows. */
    const one = async (load: CountingLoad): Promise<void> =>
      void (await (await load.countUntilTaken()).result().catch(() => undefined))
    /** The restored worker has what happened since its copy: the others answer for it, so that is asked of it alone. */
    const knowsOfAll = async ({ name, httpUrl }: DevnetWorker): Promise<void> => {
      for (const load of loads) {
        for (const taskId of (await load.verified()).slice(-4)) {
          await net.eventually(`${name} to know of task ${taskId}`, async () => {
            const found = await callWorker(httpUrl, 'getTaskResult', { taskId })
            return found === null ? undefined : true
          })
        }
      }
    }
    for (let i = 0; i < times; i++) {
      await net.withWorker(random, async worker => {
        const copy = `${worker.dataDir}.copy`
        for (const load of loads) await one(load)
        // As of one instant: what a disk would hold after a power cut.
        await devnet.kill(worker.name, 'SIGSTOP')
        cpSync(worker.dataDir, copy, { recursive: true })
        await devnet.kill(worker.name, 'SIGCONT')
        const between = 1 + random.below(2)
        for (const load of loads) for (let n = 0; n < between; n++) await one(load)
        await devnet.kill(worker.name, 'SIGKILL')
        rmSync(worker.dataDir, { recursive: true })
        renameSync(copy, worker.dataDir)
        await devnet.restart(worker.name)
        for (const load of loads) await one(load)
        await knowsOfAll(worker)
      })
    }
    return `outputs on stale state 0 after ${times} restored copies; ${await audit(net, loads)}`
  }
}
