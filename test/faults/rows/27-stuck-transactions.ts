import { setTimeout as sleep } from 'node:timers/promises'
import { must, type Row } from '../row.ts'
import { audit } from '../support/audit.ts'
import { CountingLoad } from '../support/load.ts'

const GWEI = 10n ** 9n

/** Fees rise under transactions that were sent, and a node forgets transactions that it had taken: a gap of nonces. */
export const row: Row = {
  number: 27,
  name: 'transaction stuck, underpriced, nonce gap',
  lane: 'devnet',
  times: { core: 0, full: 20, campaign: 100 },
  uses: ['everything'],
  async run({ network, random, times, say }) {
    const net = await network()
    const { devnet, ledger } = net
    const loads = [await CountingLoad.prepare(net, { pauseMs: 0 }), await CountingLoad.prepare(net, { pauseMs: 0 })]
    const operators = new Set(devnet.workers.map(worker => worker.operator.address.toLowerCase()))
    const rpc = (method: string, params: unknown[]): Promise<unknown> => ledger.provider.send(method, params)
    for (const load of loads) load.start()
    let dropped = 0
    for (let i = 0; i < times; i++) {
      if (i % 2 === 1) {
        await rpc('hardhat_setNextBlockBaseFeePerGas', [`0x${(20n * GWEI).toString(16)}`])
        await net.blocks(8)
      }
      const [until, before] = [performance.now() + 20_000, dropped]
      while (performance.now() < until && dropped < before + 2) {
        const pending = (await rpc('eth_getBlockByNumber', ['pending', true])) as { transactions: { hash: string; from: string }[] } // prettier-ignore
        for (const { hash, from } of pending.transactions) {
          if (!operators.has(from.toLowerCase()) || random.chance(0.5)) continue
          if ((await rpc('hardhat_dropTransaction', [hash]).catch(() => false)) === true) dropped += 1
        }
        await sleep(60)
      }
    }
    say(`${dropped} transactions were dropped`)
    const figure = await audit(net, loads)
    must(dropped > 0, 'no transaction was ever dropped')
    return `${dropped} transactions dropped, ${Math.floor(times / 2)} fee spikes; ${figure}`
  }
}
