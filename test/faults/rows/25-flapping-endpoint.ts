import { setTimeout as sleep } from 'node:timers/promises'
import { flapping, honest } from '@enigma/faults'
import { must, type Row } from '../row.ts'
import { audit } from '../support/audit.ts'
import { CountingLoad } from '../support/load.ts'

/** The Ethereum endpoint of every node fails a third of all calls, each in one of eight ways. */
export const row: Row = {
  number: 25,
  name: 'RPC endpoint flaps: 429, 500, HTML, hung, lost answers',
  lane: 'devnet',
  times: { core: 0, full: 3, campaign: 6 },
  uses: ['workers', 'principal', 'fronts'],
  async run({ network, random, times, scale }) {
    const net = await network()
    const { devnet, ledger } = net
    const from = await devnet.blockNumber()
    const loads = [await CountingLoad.prepare(net), await CountingLoad.prepare(net)]
    const nodes = [devnet.principal, ...devnet.workers]
    let faults = 0
    for (let round = 0; round < times; round++) {
      for (const { name } of nodes) net.front(name).behave(flapping(random.fork(name), 0.3))
      for (const load of loads) load.start()
      await sleep({ core: 10_000, full: 30_000, campaign: 300_000 }[scale])
      for (const { name } of nodes) net.front(name).behave(honest)
      for (const load of loads) await load.stop()
      await net.eventually('every node at the head', async () => {
        const head = await devnet.blockNumber()
        const heads = await Promise.all(devnet.workers.map(async worker => headOf(await worker.status())))
        return heads.every(found => found >= head - 2) ? true : undefined
      })
    }
    for (const { name } of nodes) for (const [kind, n] of Object.entries(net.front(name).faults)) if (kind !== 'pass') faults += n // prettier-ignore
    const repeated = await ledger.repeated(nodes.map(node => node.operator.address), from) // prettier-ignore
    must(repeated.length === 0, `sent twice: ${repeated.join('; ')}`)
    return `duplicate transactions 0 with ${faults} faults; ${await audit(net, loads)}`
  }
}

const headOf = (status: unknown): number => (status as { head: { number: number } }).head.number
