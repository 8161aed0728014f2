import { startFaultProxy, type FaultProxy, type Random } from '@enigma/faults'
import { PeerProtocol } from '@enigma/protocol'
import { must, quantile, seconds, type Row } from '../row.ts'
import { audit } from '../support/audit.ts'
import { CountingLoad } from '../support/load.ts'
import { PeerLab } from '../support/peers.ts'

const FAR = { latencyMs: 300, jitterMs: 100 }

/** At once, so that the row does not wait for one of them after the other. */
const USERS = 4

/** Users on the other side of the world, to whom every byte to and from workers and chain takes 300 ms; and two workers as far apart. */
export const row: Row = {
  number: 13,
  name: '300 ms +/- 100 ms latency',
  lane: 'devnet',
  uses: ['everything'],
  times: { core: 0, full: 20, campaign: 100 },
  async run({ network, random, times }) {
    const net = await network()
    const proxies: FaultProxy[] = []
    const far = async (url: string): Promise<string> => {
      const proxy = await startFaultProxy({ target: { port: Number(new URL(url).port) }, up: FAR, down: FAR, random })
      proxies.push(proxy)
      return `http://127.0.0.1:${proxy.port}`
    }
    const { lab, proxy } = await PeerLab.behindProxy()
    try {
      const rpc = await Promise.all(net.devnet.workers.map(worker => far(worker.httpUrl)))
      const chainUrl = await far(net.devnet.chainUrl)
      const loads = await Promise.all(Array.from({ length: USERS }, () => CountingLoad.prepare(net, { rpc, chainUrl })))
      const took: number[] = []
      const tasks = loads.map(async (load, user) => {
        for (let i = user; i < times; i += USERS) {
          const started = performance.now()
          await (await load.countUntilTaken()).result()
          took.push(performance.now() - started)
        }
      })
      await Promise.all([...tasks, echoes(lab, proxy, times, random)])
      return `success ${took.length} of ${times} tasks (${seconds(quantile(took, 0.95))} p95) and ${times} of ${times} peer requests; ${await audit(net, loads)}`
    } finally {
      await lab.stop()
      for (const one of proxies) await one.stop()
    }
  }
}

/** Requests between the two workers, each of which has its own bytes back. */
async function echoes(lab: PeerLab, proxy: FaultProxy, times: number, random: Random): Promise<void> {
  proxy.set({ up: FAR, down: FAR })
  const bob = await lab.honest('bob', [])
  for (let i = 0; i < times; i++) {
    const payload = random.bytes(random.below(100_000))
    const echo = await bob.request(bob.peers()[0]!, PeerProtocol.taskRelay, 0, payload)
    must(Buffer.from(echo).equals(Buffer.from(payload)), `the answer to request ${i} differs`)
  }
}
