import { setTimeout as sleep } from 'node:timers/promises'
import { must, quantile, type Row } from '../row.ts'
import { audit } from '../support/audit.ts'
import { EPOCH_SIZE } from '../support/fault-net.ts'
import { CountingLoad } from '../support/load.ts'
import { MOMENTS, Offers, aroundTheNextCall, diesAt } from '../support/principal-death.ts'

/** The principal dies within a few blocks around its call of the next epoch, or amidst that call. The epoch comes all the same. */
export const row: Row = {
  number: 4,
  name: 'kill -9 the principal around setEpoch',
  lane: 'devnet',
  times: { core: 1, full: 20, campaign: 50 },
  minutes: 5,
  async run({ network, random, times, say }) {
    const net = await network()
    const { devnet, ledger } = net
    const load = (await CountingLoad.prepare(net)).start()
    const [first, fromBlock] = [await ledger.epoch(), await devnet.blockNumber()]
    const offers = new Offers(net)
    for (let kill = 0; kill < times; kill++) {
      const moment = MOMENTS[(kill + 1) % MOMENTS.length]!
      if (moment === 'chance') await aroundTheNextCall(net, random)
      const before = await net.withNode(random, ['principal'], async ({ name }) => {
        if (moment !== 'chance') await diesAt(net, moment)
        else {
          await sleep(random.below(400))
          await devnet.kill(name, 'SIGKILL')
        }
        const epoch = await ledger.epoch()
        await devnet.restart(name)
        return epoch
      })
      await net
        .eventually(`an epoch after ${before}`, async () => ((await ledger.epoch()) > before ? true : undefined))
        .finally(() => offers.requireOneEach())
      say(`${kill + 1}: died at ${moment}, epoch ${before + 1} came`)
    }
    const figure = await audit(net, [load])
    const starts = (await ledger.epochStarts()).filter(({ epoch }) => epoch > first)
    const epochs = starts.map(({ epoch }) => epoch)
    must(new Set(epochs).size === epochs.length, `an epoch was set twice: ${epochs.join(' ')}`)
    must(epochs.every((epoch, i) => epoch === first + 1 + i), `epochs are out of order: ${epochs.join(' ')}`) // prettier-ignore
    const lengths = starts.slice(1).map(({ block }, i) => block - starts[i]!.block)
    must(lengths.every(length => length >= EPOCH_SIZE), `an epoch was too short: ${lengths.join(' ')}`) // prettier-ignore
    must((await ledger.seeds(fromBlock)).size > 0, 'no call of an epoch was seen')
    const late = lengths.map(length => length - EPOCH_SIZE)
    return `double epochs 0, an epoch after each death; seeds for one call never two (${offers.seeds.size} calls, unsent ones too); late ${quantile(late, 0.5)} blocks in the middle of ${starts.length} epochs; longest epoch ${Math.max(0, ...lengths)} blocks; ${figure}`
  }
}
