import { must, seconds, type Row } from '../row.ts'
import { audit } from '../support/audit.ts'
import { suspend } from '../support/killing.ts'
import { BLOCK_MS } from '../support/fault-net.ts'
import { requireAllKnown } from '../support/knowledge.ts'
import { CountingLoad } from '../support/load.ts'

/** The Ethereum node hangs: sockets stay open and nothing answers. */
export const row: Row = {
  number: 7,
  name: 'SIGSTOP the chain node for 60 s',
  lane: 'devnet',
  times: { core: 0, full: 3, campaign: 10 },
  uses: ['everything'],
  async run({ network, times, scale }) {
    const net = await network()
    const { devnet, ledger } = net
    const load = (await CountingLoad.prepare(net)).start()
    const pids = [devnet.principal, ...devnet.workers].map(node => node.pid)
    let slowest = 0
    let behind = 0
    for (let stop = 0; stop < times; stop++) {
      await suspend(net, 'chain', scale === 'campaign' ? 60_000 : 10_000)
      const [woke, block] = [performance.now(), await devnet.blockNumber()]
      await net.eventually('every node at the head', async () => {
        const head = await devnet.blockNumber()
        const heads = await Promise.all(devnet.workers.map(async worker => headOf(await worker.status())))
        return heads.every(found => found >= head - 1) ? true : undefined
      })
      slowest = Math.max(slowest, performance.now() - woke)
      behind = Math.max(behind, (await devnet.blockNumber()) - block)
      await net.blocks(6)
    }
    must(
      [devnet.principal, ...devnet.workers].every((node, i) => node.pid === pids[i]),
      'a node ended with the chain'
    )
    await load.stop()
    const known = await requireAllKnown(net, [load])
    const figure = await audit(net, [load])
    const most = 5_000 / BLOCK_MS
    must(behind <= most, `a node was at the head only ${behind} blocks after waking`)
    return `missed events 0 (${known} answers of workers on tasks are the chain's); at the head ${behind} blocks (${seconds(slowest)}) after waking; ${figure}; drift ${await ledger.drift()}`
  }
}

const headOf = (status: unknown): number => (status as { head: { number: number } }).head.number
