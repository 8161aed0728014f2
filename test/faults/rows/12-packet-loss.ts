import { quantile, seconds, type Row } from '../row.ts'
import { audit } from '../support/audit.ts'
import { BLOCK_MS } from '../support/fault-net.ts'
import { CountingLoad } from '../support/load.ts'
import { hostsOf, whole } from '../support/partitions.ts'

/**
 * Three in ten packets between any two nodes, and from the chain, are lost. Blocks come as on a slow devnet, every two seconds. Half way a
 * worker dies and joins again over this network: connections, hellos and the chain's history too have to come through.
 */
const USERS = 4
/** Dials and hellos are tried again until they come through. */
const PATIENCE_MS = 120_000

export const row: Row = {
  number: 12,
  name: '30 % packet loss',
  lane: 'netns',
  times: { core: 0, full: 20, campaign: 100 },
  uses: ['everything'],
  minutes: 4,
  async run({ network, random, times, say }) {
    const net = await network()
    const hosts = hostsOf(net)
    const names = ['principal', ...net.devnet.workers.map(worker => worker.name)]
    await net.devnet.setMining({ mode: 'interval', ms: 2_000 })
    try {
      const loads = await Promise.all(Array.from({ length: USERS }, () => CountingLoad.prepare(net)))
      const latency = async (load: CountingLoad): Promise<number> => {
        const started = performance.now()
        const task = await load.count()
        await task.result()
        return performance.now() - started
      }
      /** Each of the users, one task after the other. */
      const all = (each: number): Promise<number[]> =>
        Promise.all(
          loads.map(async load => {
            const took = []
            for (let i = 0; i < each; i++) took.push(await latency(load))
            return took
          })
        ).then(took => took.flat())
      const clean = await all(1)
      for (const name of names) {
        const others = [...names.filter(other => other !== name), 'gateway']
        await hosts.faults(name, Object.fromEntries(others.map(other => [other, { lossPercent: 30 }])))
      }
      const half = Math.ceil(times / USERS / 2)
      const lossy = await all(half)
      await net.withWorker(random, async ({ name }) => {
        await net.devnet.kill(name, 'SIGKILL')
        await net.devnet.restart(name)
        say(`${name} joined again`)
      })
      const joined = await whole(net, PATIENCE_MS)
      lossy.push(...(await all(half)))
      await hosts.heal()
      await whole(net)
      const figure = await audit(net, loads)
      const ratio = quantile(lossy, 0.95) / quantile(clean, 0.5)
      return `success ${lossy.length} of ${lossy.length}; p95 ${seconds(quantile(lossy, 0.95))}, ${ratio.toFixed(1)} x clean; whole again ${seconds(joined)} after a worker joined under it; ${figure}`
    } finally {
      await hosts.heal()
      await net.devnet.setMining({ mode: 'interval', ms: BLOCK_MS })
    }
  }
}
