import { rmSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { join } from 'node:path'
import { must, type Row } from '../row.ts'
import { audit } from '../support/audit.ts'
import { CountingLoad } from '../support/load.ts'
import { Inputs, alarmsOf } from '../support/inputs.ts'
import { withFailingDisk } from '../support/failing-disk.ts'
import { backOnItsDisk, onSmallDisk } from '../support/small-disk.ts'

/** Inputs that are sent while nothing can be made safe: an acknowledgement of any of them is false. */
const ATTEMPTS = 12

/** What a worker may answer then: the disk, or an epoch that ended on the way. */
const REFUSALS: readonly string[] = ['STORE_FAILED', 'EPOCH_STALE', 'NO_SEAT', 'SC_UNKNOWN']

/**
 * In turn: a worker is started on a disk that has become read-only (under a running one the system refuses to make it so); and nothing
 * that a running one writes can be made safe for a while: every fsync fails with EIO. It refuses inputs with a code, raises its alarm,
 * runs on, and takes inputs again when the disk is well, without a restart. Every second time it is killed amidst the fault instead.
 */
export const row: Row = {
  number: 18,
  name: 'read-only disk, EIO',
  lane: 'netns',
  times: { core: 0, full: 20, campaign: 20 },
  minutes: 6,
  async run({ network, random, times, say }) {
    const net = await network()
    const { devnet } = net
    const worker = net.worker(2)
    const load = await CountingLoad.prepare(net, { pauseMs: 0 })
    const inputs = new Inputs(net, worker, load.scAddr, random)
    let [falseAcks, refused, looked] = [0, 0, 0]
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
      const verified = (await load.verified()).length
      load.start()
      await inputs.sendUntil(['stored'])
      await withFailingDisk(pid!, async () => {
        for (let n = 0; n < ATTEMPTS; n++) {
          const answer = await inputs.send()
          if (answer === 'stored') falseAcks += 1
          else must(REFUSALS.includes(answer), `an input is refused with ${answer} while the disk fails`)
          if (answer === 'STORE_FAILED') refused += 1
          await sleep(150)
        }
        must(worker.pid === pid, `${worker.name} ended with its disk failing`)
        must((await alarmsOf(worker, 'DISK')) > 0, `${worker.name} raised no alarm with its disk failing`)
        if (i % 2 === 1) await devnet.kill(worker.name, 'SIGKILL')
      })
      must(falseAcks === 0, `${falseAcks} inputs were acknowledged that could not be made safe`)
      if (i % 2 === 0) await inputs.sendUntil(['stored'])
      const { found, lost } = await inputs.lookUp()
      must(lost.length === 0, `${lost.length} acknowledged inputs are not on the disk: ${lost[0]}`)
      looked += found
      say(`${i + 1}: refused ${refused} so far, ${found} acknowledged inputs found`)
      if (worker.pid === undefined) await devnet.restart(worker.name)
      await net.eventually('a task afterwards', async () =>
        (await load.verified()).length > verified ? true : undefined
      )
      await load.stop()
      await devnet.kill(worker.name, 'SIGTERM')
    }
    must(refused >= times, `only ${refused} inputs were refused for the disk`)
    must(looked >= times / 2, `only ${looked} acknowledged inputs could be looked up`)
    await backOnItsDisk(net, worker, disk)
    return `false acknowledgements ${falseAcks}, ${refused} inputs refused with a code during EIO; ${looked} acknowledged ones looked up on the disk, all there; said why ${times} of ${times} times on a read-only disk; ${await audit(net, [load])}`
  }
}
