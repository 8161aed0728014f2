import { must, type Row } from '../row.ts'
import { audit } from '../support/audit.ts'
import { Inputs, alarmsOf } from '../support/inputs.ts'
import { CountingLoad } from '../support/load.ts'
import { backOnItsDisk, onSmallDisk } from '../support/small-disk.ts'

/** How it refuses an input: the disk does not take it, or an epoch has begun that the disk does not let it learn of. */
const REFUSALS: readonly string[] = ['STORE_FAILED', 'EPOCH_STALE']

/** A worker's disk is full for a while, under load. What it acknowledged before, meanwhile and afterwards is on the disk. */
export const row: Row = {
  number: 17,
  name: 'disk full',
  lane: 'netns',
  times: { core: 0, full: 20, campaign: 20 },
  minutes: 3,
  async run({ network, random, times, say }) {
    const net = await network()
    const { devnet } = net
    const worker = net.worker(3)
    await devnet.kill(worker.name, 'SIGTERM')
    const disk = onSmallDisk(worker.dataDir, 32)
    net.atEnd(() => backOnItsDisk(net, worker, disk))
    await devnet.restart(worker.name)
    const { pid } = worker
    const loads = [await CountingLoad.prepare(net, { pauseMs: 0 }), await CountingLoad.prepare(net, { pauseMs: 0 })]
    const inputs = new Inputs(net, worker, loads[0]!.scAddr, random)
    for (const load of loads) load.start()
    const allThere = async (): Promise<number> => {
      const { found, lost } = await inputs.lookUp()
      must(lost.length === 0, `${lost.length} acknowledged inputs are not on the disk: ${lost[0]}`)
      return found
    }
    let [told, looked, forDisk] = [0, 0, 0]
    for (let i = 0; i < times; i++) {
      await inputs.sendUntil(['stored']) // it has a seat
      disk.fill()
      if ((await inputs.sendUntil(REFUSALS, allThere)) === 'STORE_FAILED') forDisk += 1 // the page that was begun takes a few more
      await net.blocks(12)
      if ((await alarmsOf(worker, 'DISK')) > 0) told += 1
      disk.free()
      const before = net.log(worker.name).length
      await inputs.sendUntil(['stored'])
      must((await alarmsOf(worker, 'DISK')) === 0, `${worker.name} says that its disk is full, and takes inputs`)
      for (let n = 0; n < 3; n++) await inputs.send()
      const works = async (): Promise<true | undefined> =>
        /stage=(accepted|settled|released)/.test(net.log(worker.name).slice(before)) ? true : undefined
      await net.eventually(`${worker.name} to work again`, works)
      const found = await allThere()
      looked += found
      say(`${i + 1}: told ${told}, ${found} acknowledged inputs found`)
    }
    must(worker.pid === pid, `${worker.name} ended with its disk full`)
    must(told === times, `${worker.name} said only ${told} of ${times} times that its disk was full`)
    must(forDisk > 0 || times < 20, 'no input was refused for the disk')
    must(looked > 0, 'no acknowledged input could be looked up')
    const figure = await audit(net, loads)
    await backOnItsDisk(net, worker, disk)
    return `lost acknowledged 0 of ${looked} looked up, ${inputs.acknowledged} given; recovered without a restart ${times} of ${times} times, refused and said so ${told} times; ${figure}`
  }
}
