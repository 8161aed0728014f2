import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { must, type Row } from '../row.ts'
import { audit } from '../support/audit.ts'
import { CountingLoad } from '../support/load.ts'
import { withFailingDisk } from '../support/failing-disk.ts'
import { backOnItsDisk, onSmallDisk } from '../support/small-disk.ts'

/**
 * In turn: a worker is started on a disk that has become read-only (under a running one the system refuses to make it so); and
 * everything that a running one writes fails with EIO for a while. It says so, acknowledges nothing, and is well afterwards.
 */
export const row: Row = {
  number: 18,
  name: 'read-only disk, EIO',
  lane: 'netns',
  times: { core: 0, full: 20, campaign: 20 },
  minutes: 5,
  async run({ network, times }) {
    const net = await network()
    const { devnet } = net
    const worker = net.worker(2)
    const load = await CountingLoad.prepare(net, { pauseMs: 0 })
    let failed = 0
    await devnet.kill(worker.name, 'SIGTERM')
    const disk = onSmallDisk(worker.dataDir, 64)
    net.atEnd(() => backOnItsDisk(net, worker, disk))
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
      const { pid } = worker
      const [before, verified] = [net.log(worker.name).length, (await load.verified()).length]
      load.start()
      await withFailingDisk(pid!, async () => {
        const noticed = async (): Promise<true | undefined> =>
          /EIO|Input\/output|STORE_FAILED/i.test(net.log(worker.name).slice(before)) ? true : undefined
        await net.eventually(`${worker.name} to notice its failing disk`, noticed)
        await net.blocks(4)
      })
      must(worker.pid === pid, `${worker.name} ended with its disk failing`)
      failed += 1
      await devnet.restart(worker.name) // a store that could not write is opened anew
      await net.eventually('a task afterwards', async () =>
        (await load.verified()).length > verified ? true : undefined
      )
      await load.stop()
      await devnet.kill(worker.name, 'SIGTERM')
    }
    await backOnItsDisk(net, worker, disk)
    return `false acknowledgements 0; said why ${times} of ${times} times on a read-only disk, noticed EIO and ran on ${failed} of ${times} times; ${await audit(net, [load])}`
  }
}
