import { startFaultProxy, type FaultProxy } from '@enigma/faults'
import { PeerProtocol, codeOf } from '@enigma/protocol'
import { must, quantile, seconds, type Row } from '../row.ts'
import { audit } from '../support/audit.ts'
import { CountingLoad } from '../support/load.ts'
import { PeerLab } from '../support/peers.ts'

const FAR = { latencyMs: 300, jitterMs: 100 }

/** A user on the other side of the world, to whom every byte to and from workers and chain takes 300 ms; and two workers as far apart. */
export const row: Row = {
  number: 13,
  name: '300 ms +/- 100 ms latency',
  lane: 'devnet',
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
      const load = await CountingLoad.prepare(net, { rpc, chainUrl: await far(net.devnet.chainUrl) })
      const took: number[] = []
      let again = 0
      /** An epoch of ten seconds may end while an input is on its way: the client says so, nothing is paid, and the user tries again. */
      const counted = async (load: CountingLoad): ReturnType<CountingLoad['count']> => {
        for (let left = 10; ; left--) {
          try {
            return await load.count()
          } catch (error) {
            if (codeOf(error) !== 'EPOCH_STALE' || left === 0) throw error
            again += 1
          }
        }
      }
      for (let i = 0; i < times; i++) {
        const started = performance.now()
        await (await counted(load)).result()
        took.push(performance.now() - started)
      }
      proxy.set({ up: FAR, down: FAR })
      const bob = await lab.honest('bob', [])
      for (let i = 0; i < times; i++) {
        const payload = random.bytes(random.below(100_000))
        const echo = await bob.request(bob.peers()[0]!, PeerProtocol.taskRelay, 0, payload, { timeoutMs: 20_000 })
        must(Buffer.from(echo).equals(Buffer.from(payload)), `the answer to request ${i} differs`)
      }
      return `success ${times} of ${times} tasks (${seconds(quantile(took, 0.95))} p95, ${again} sent again because an epoch had ended) and ${times} of ${times} peer requests; ${await audit(net, [load])}`
    } finally {
      await lab.stop()
      for (const one of proxies) await one.stop()
    }
  }
}
