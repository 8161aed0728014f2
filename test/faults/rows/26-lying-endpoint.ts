import { honest, wrongBlocks } from '@enigma/faults'
import { must, type Row } from '../row.ts'
import { audit } from '../support/audit.ts'
import { CountingLoad } from '../support/load.ts'

/** One worker's Ethereum endpoint tells it of other blocks than everybody else's. */
/** What a worker says when blocks do not fit each other. */
const NOTICED = /another parent|chain changed|reorganised|differs|could not be read/i

export const row: Row = {
  number: 26,
  name: 'two RPCs disagree',
  lane: 'devnet',
  times: { core: 0, full: 20, campaign: 50 },
  minutes: 4,
  async run({ network, random, times }) {
    const net = await network()
    const loads = [await CountingLoad.prepare(net)]
    for (const load of loads) load.start()
    let lies = 0
    let noticed = 0
    for (let i = 0; i < times; i++) {
      await net.withWorker(random, async ({ name }) => {
        const before = net.log(name).length
        const told = net.front(name).faults['lie'] ?? 0
        net.front(name).behave(wrongBlocks(random, 0.5))
        const seen = async (): Promise<true | undefined> =>
          NOTICED.test(net.log(name).slice(before)) ? true : undefined
        await net.blocks(8)
        await net.eventually(`${name} to notice`, seen).then(() => (noticed += 1))
        net.front(name).behave(honest)
        lies += (net.front(name).faults['lie'] ?? 0) - told
      })
    }
    const figure = await audit(net, loads)
    must(lies > 0, 'no lie was told')
    must(noticed === times, `noticed ${noticed} of ${times} times`)
    return `acted on 0 of ${lies} lies, noticed ${noticed} of ${times} times; ${figure}`
  }
}
