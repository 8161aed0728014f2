import { cpSync, renameSync, rmSync } from 'node:fs'
import type { Row } from '../row.ts'
import { audit } from '../support/audit.ts'
import { CountingLoad } from '../support/load.ts'

/** A worker comes back with the disk of an earlier day; the others went on meanwhile. */
export const row: Row = {
  number: 21,
  name: "restore yesterday's disk copy",
  lane: 'devnet',
  times: { core: 0, full: 8, campaign: 100 },
  uses: ['workers'],
  async run({ network, random, times }) {
    const net = await network()
    const { devnet } = net
    const loads = [await CountingLoad.prepare(net, { pauseMs: 0 }), await CountingLoad.prepare(net, { pauseMs: 0 })]
    for (let i = 0; i < times; i++) {
      const worker = random.pick(devnet.workers)
      const copy = `${worker.dataDir}.copy`
      for (const load of loads) await (await load.count()).result()
      await devnet.kill(worker.name, 'SIGKILL')
      cpSync(worker.dataDir, copy, { recursive: true })
      await devnet.restart(worker.name)
      const between = 2 + random.below(3)
      for (const load of loads) for (let n = 0; n < between; n++) await (await load.count()).result()
      await devnet.kill(worker.name, 'SIGKILL')
      rmSync(worker.dataDir, { recursive: true })
      renameSync(copy, worker.dataDir)
      await devnet.restart(worker.name)
      for (const load of loads) await (await load.count()).result()
    }
    return `outputs on stale state 0 after ${times} restored copies; ${await audit(net, loads)}`
  }
}
