import { setTimeout as sleep } from 'node:timers/promises'
import { must, type Row } from '../row.ts'
import { audit } from '../support/audit.ts'
import type { FaultNet } from '../support/fault-net.ts'
import { CountingLoad } from '../support/load.ts'

/** Wei a gas: what the chain asks for in quiet times. */
const LOW_FEE = 10n ** 9n
const LOOK_MS = 60
const DROPPING_MS = 20_000

/** Fees rise under transactions that were sent, and stay high until those are replaced; and a node forgets transactions that it had taken: a gap of nonces. */
export const row: Row = {
  number: 27,
  name: 'transaction stuck, underpriced, nonce gap',
  lane: 'devnet',
  times: { core: 0, full: 20, campaign: 100 },
  uses: ['everything'],
  async run({ network, random, times }) {
    const net = await network()
    const loads = [await CountingLoad.prepare(net, { pauseMs: 0 }), await CountingLoad.prepare(net, { pauseMs: 0 })]
    for (const load of loads) load.start()
    const pool = new Pool(net)
    let [dropped, replaced] = [0, 0]
    for (let i = 0; i < times; i++) {
      if (i % 2 === 1) {
        await pool.replacement()
        replaced += 1
      }
      const [until, before] = [performance.now() + DROPPING_MS, dropped]
      while (performance.now() < until && dropped < before + 2) {
        for (const { hash } of await pool.pending()) {
          if (random.chance(0.5) && (await pool.drop(hash))) dropped += 1
        }
        await sleep(LOOK_MS)
      }
    }
    const figure = await audit(net, loads)
    must(dropped > 0, 'no transaction was ever dropped')
    return `${dropped} transactions dropped, ${replaced} replaced under a fee that stayed high; ${figure}`
  }
}

interface Pending {
  readonly hash: string
  readonly from: string
  readonly nonce: string
  readonly maxFeePerGas: string
}

/** The workers' transactions in the pool of the chain's node. */
class Pool {
  readonly #net: FaultNet
  readonly #operators: ReadonlySet<string>

  constructor(net: FaultNet) {
    this.#net = net
    this.#operators = new Set(net.devnet.workers.map(({ operator }) => operator.address.toLowerCase()))
  }

  #rpc(method: string, params: unknown[]): Promise<unknown> {
    return this.#net.ledger.provider.send(method, params)
  }

  async pending(): Promise<Pending[]> {
    const { transactions } = (await this.#rpc('eth_getBlockByNumber', ['pending', true])) as { transactions: Pending[] }
    return transactions.filter(({ from }) => this.#operators.has(from.toLowerCase()))
  }

  async drop(hash: string): Promise<boolean> {
    return (await this.#rpc('hardhat_dropTransaction', [hash]).catch(() => false)) === true
  }

  #setFee(fee: bigint): Promise<unknown> {
    return this.#rpc('hardhat_setNextBlockBaseFeePerGas', [`0x${fee.toString(16)}`])
  }

  /** Makes a transaction too cheap for the blocks that come, all of them, and waits until its nonce was used by another one. */
  async replacement(): Promise<void> {
    const { eventually, ledger } = this.#net
    await eventually('a transaction that another one replaced while fees were high', async () => {
      const [stuck] = await this.pending()
      if (stuck === undefined) return undefined
      const { hash, from, nonce, maxFeePerGas } = stuck
      const tooHigh = (BigInt(maxFeePerGas) * 5n) / 4n // after the last time fees were high transactions offer more
      await this.#setFee(tooHigh)
      await eventually(`the nonce ${Number(nonce)} of ${from}, whose transaction was too cheap`, async () => {
        await this.#setFee(tooHigh)
        return (await ledger.provider.getTransactionCount(from, 'latest')) > Number(nonce) ? true : undefined
      })
      return (await ledger.provider.getTransactionReceipt(hash)) === null ? true : undefined // else its block was quicker
    })
    await this.#setFee(LOW_FEE)
  }
}
