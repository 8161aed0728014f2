import { honest, wrongBlocks } from '@enigma/faults'
import { must, type Row } from '../row.ts'
import { audit } from '../support/audit.ts'
import { CountingLoad } from '../support/load.ts'

/** One worker's Ethereum endpoint tells it of other blocks than everybody else's. */
export const row: Row = {
  number: 26,
  name: 'two RPCs disagree',
  lane: 'devnet',
  times: { core: 0, full: 5, campaign: 50 },
  uses: ['workers', 'fronts'],
  async run({ network, random, times }) {
    const net = await network()
    const loads = [await CountingLoad.prepare(net), await CountingLoad.prepare(net)]
    for (const load of loads) load.start()
    let lies = 0
    let noticed = 0
    for (let i = 0; i < times; i++) {
      const { name } = random.pick(net.devnet.workers)
      const before = net.log(name).length
      net.front(name).behave(wrongBlocks(random, 0.5))
      await net.blocks(12)
      net.front(name).behave(honest)
      lies += net.front(name).faults['lie'] ?? 0
      if (/another parent|chain changed|reorganised|differs|could not be read/i.test(net.log(name).slice(before)))
        noticed += 1
      await net.blocks(3)
    }
    const figure = await audit(net, loads)
    must(lies > 0, 'no lie was told')
    must(noticed === times, `noticed ${noticed} of ${times} times`)
    return `acted on 0 of ${lies} lies, noticed ${noticed} of ${times} times; ${figure}`
  }
}
