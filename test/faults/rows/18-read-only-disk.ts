import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { must, type Row } from '../row.ts'
import { audit } from '../support/audit.ts'
import { CountingLoad } from '../support/load.ts'
import { onSmallDisk } from '../support/small-disk.ts'

/** A worker is started on a disk that has become read-only. (Under a running one the system refuses to make it so.) */
export const row: Row = {
  number: 18,
  name: 'read-only disk',
  lane: 'netns',
  times: { core: 0, full: 20, campaign: 20 },
  minutes: 5,
  async run({ network, times }) {
    const net = await network()
    const { devnet } = net
    const worker = net.worker(2)
    const load = await CountingLoad.prepare(net)
    await devnet.kill(worker.name, 'SIGTERM')
    const disk = onSmallDisk(worker.dataDir, 64)
    for (let i = 0; i < times; i++) {
      rmSync(join(worker.dataDir, 'runtime.json'), { force: true }) // which the devnet would want to remove
      disk.readOnly(true)
      const length = net.log(worker.name).length
      await devnet.restart(worker.name, { waitReady: false }).catch(() => undefined)
      const ended = async (): Promise<true | undefined> => (worker.pid === undefined ? true : undefined)
      await net.eventually(`${worker.name} to give up`, ended)
      const said = net.log(worker.name).slice(length)
      must(/STORE_FAILED|WORKER_DATA_DIR|read-only|EROFS/i.test(said), `it did not say why: ${said.slice(-300)}`)
      disk.readOnly(false)
      await devnet.restart(worker.name)
      await (await load.count()).result()
      await devnet.kill(worker.name, 'SIGTERM')
    }
    disk.remove()
    await devnet.restart(worker.name)
    return `false acknowledgements 0; said why ${times} of ${times} times; ${await audit(net, [load])}`
  }
}
