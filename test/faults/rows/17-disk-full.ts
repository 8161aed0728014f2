import { must, type Row } from '../row.ts'
import { audit } from '../support/audit.ts'
import { CountingLoad } from '../support/load.ts'
import { backOnItsDisk, onSmallDisk } from '../support/small-disk.ts'

/** A worker's disk is full for a while, under load. */
export const row: Row = {
  number: 17,
  name: 'disk full',
  lane: 'netns',
  times: { core: 0, full: 20, campaign: 20 },
  minutes: 5,
  async run({ network, times }) {
    const net = await network()
    const { devnet } = net
    const worker = net.worker(3)
    await devnet.kill(worker.name, 'SIGTERM')
    const disk = onSmallDisk(worker.dataDir, 32)
    net.atEnd(() => backOnItsDisk(net, worker, disk))
    await devnet.restart(worker.name)
    const { pid } = worker
    const loads = [await CountingLoad.prepare(net, { pauseMs: 0 }), await CountingLoad.prepare(net, { pauseMs: 0 })]
    for (const load of loads) load.start()
    let told = 0
    for (let i = 0; i < times; i++) {
      const length = net.log(worker.name).length
      disk.fill()
      await net.blocks(16)
      if (/no space|ENOSPC|STORE|disk/i.test(net.log(worker.name).slice(length))) told += 1
      disk.free()
      const before = net.log(worker.name).length
      const works = async (): Promise<true | undefined> =>
        /stage=(accepted|settled|released)/.test(net.log(worker.name).slice(before)) ? true : undefined
      await net.eventually(`${worker.name} to work again`, works)
    }
    must(worker.pid === pid, `${worker.name} ended with its disk full`)
    const figure = await audit(net, loads)
    await backOnItsDisk(net, worker, disk)
    return `recovered without a restart ${times} of ${times} times, said so ${told} times; ${figure}`
  }
}
