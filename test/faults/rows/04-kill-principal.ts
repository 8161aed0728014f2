import { setTimeout as sleep } from 'node:timers/promises'
import { must, quantile, type Row } from '../row.ts'
import { audit } from '../support/audit.ts'
import { EPOCH_SIZE } from '../support/fault-net.ts'
import { CountingLoad } from '../support/load.ts'

/** The principal dies within a few blocks around its call of the next epoch. */
export const row: Row = {
  number: 4,
  name: 'kill -9 the principal around setEpoch',
  lane: 'devnet',
  times: { core: 1, full: 20, campaign: 50 },
  minutes: 5,
  async run({ network, random, times }) {
    const net = await network()
    const { devnet, ledger } = net
    const load = (await CountingLoad.prepare(net)).start()
    const [first, fromBlock] = [await ledger.epoch(), await devnet.blockNumber()]
    for (let kill = 0; kill < times; kill++) {
      const next = Number(await ledger.enigma.getFunction('nextEpochBlock')())
      const instant = next - 1 + random.below(3)
      await net.eventually(`block ${instant}`, async () => ((await devnet.blockNumber()) >= instant ? true : undefined))
      await sleep(random.below(400))
      await net.withNode(random, ['principal'], async ({ name }) => {
        await devnet.kill(name, 'SIGKILL')
        await devnet.restart(name)
      })
    }
    await net.eventually('another epoch', async () => ((await ledger.epoch()) > first ? true : undefined))
    const figure = await audit(net, [load])
    const starts = (await ledger.epochStarts()).filter(({ epoch }) => epoch > first)
    const epochs = starts.map(({ epoch }) => epoch)
    must(new Set(epochs).size === epochs.length, `an epoch was set twice: ${epochs.join(' ')}`)
    must(epochs.every((epoch, i) => epoch === first + 1 + i), `epochs are out of order: ${epochs.join(' ')}`) // prettier-ignore
    const lengths = starts.slice(1).map(({ block }, i) => block - starts[i]!.block)
    must(lengths.every(length => length >= EPOCH_SIZE), `an epoch was too short: ${lengths.join(' ')}`) // prettier-ignore
    const seeds = await ledger.seeds(fromBlock)
    const two = [...seeds].find(([, offered]) => offered.size > 1)
    must(two === undefined, `two seeds for call ${two?.[0]}: ${[...(two?.[1] ?? [])].join(', ')}`)
    must(seeds.size > 0, 'no call of an epoch was seen')
    const late = lengths.map(length => length - EPOCH_SIZE)
    return `double epochs 0; seeds for one call never two (${seeds.size} calls); late ${quantile(late, 0.5)} blocks in the middle of ${starts.length} epochs; longest epoch ${Math.max(0, ...lengths)} blocks; ${figure}`
  }
}
