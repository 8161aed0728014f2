import { quantile, seconds, type Row } from '../row.ts'
import { audit } from '../support/audit.ts'
import { BLOCK_MS } from '../support/fault-net.ts'
import { CountingLoad } from '../support/load.ts'
import { hostsOf, whole } from '../support/partitions.ts'

/** Three in ten packets between any two nodes, and from the chain, are lost. Blocks come as on a slow devnet, every two seconds. */
export const row: Row = {
  number: 12,
  name: '30 % packet loss',
  lane: 'netns',
  times: { core: 0, full: 20, campaign: 100 },
  uses: ['everything'],
  minutes: 4,
  async run({ network, times }) {
    const net = await network()
    const hosts = hostsOf(net)
    const names = ['principal', ...net.devnet.workers.map(worker => worker.name)]
    await net.devnet.setMining({ mode: 'interval', ms: 2_000 })
    try {
      const load = await CountingLoad.prepare(net)
      const latency = async (): Promise<number> => {
        const started = performance.now()
        const task = await load.count()
        await task.result()
        return performance.now() - started
      }
      const clean = [await latency(), await latency(), await latency()]
      for (const name of names) {
        const others = [...names.filter(other => other !== name), 'gateway']
        await hosts.faults(name, Object.fromEntries(others.map(other => [other, { lossPercent: 30 }])))
      }
      const lossy: number[] = []
      for (let i = 0; i < times; i++) lossy.push(await latency())
      await hosts.heal()
      await whole(net)
      const figure = await audit(net, [load])
      const ratio = quantile(lossy, 0.95) / quantile(clean, 0.5)
      return `success ${lossy.length} of ${times}; p95 ${seconds(quantile(lossy, 0.95))}, ${ratio.toFixed(1)} x clean; ${figure}`
    } finally {
      await hosts.heal()
      await net.devnet.setMining({ mode: 'interval', ms: BLOCK_MS })
    }
  }
}
