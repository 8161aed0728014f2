import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { startDevnet, waitFor, type Devnet, type DevnetWorker } from '@enigma/devnet'
import { connectAs } from './support/actors.ts'
import { counterContract } from './support/counter.ts'
import { showLogsOfFailures } from './support/failure-logs.ts'
import { whileMining } from './support/mining.ts'

interface Alarm {
  readonly code: string
  readonly message: string
}

describe('e2e: content that nobody holds any more', function () {
  this.timeout(120_000)
  let devnet: Devnet
  const folder = mkdtempSync(join(tmpdir(), 'enigma-lost-'))

  before(async () => {
    devnet = await startDevnet({ workers: 1, epochSize: 10, mining: { mode: 'manual' } })
  })
  after(async () => {
    await devnet?.stop()
    rmSync(folder, { recursive: true, force: true })
  })
  showLogsOfFailures(() => devnet)

  it('the only worker comes back from a copy that lacks the last delta, after its keys were destroyed: it says so', async () => {
    const [worker] = devnet.workers as [DevnetWorker]
    const counter = await counterContract()
    const client = await connectAs(devnet, devnet.accounts.users[0]!)
    try {
      const next = async (scAddr: string): Promise<string> => {
        const task = await whileMining(devnet, client.compute(scAddr, counter.abi, 'next', []))
        await whileMining(devnet, task.result())
        return task.taskId
      }
      const deployed = client.deploy(counter, []).then(task => task.result())
      const scAddr = await whileMining(devnet, deployed)
      await next(scAddr)
      const dir = join(folder, 'copy')
      await worker.manage('backup', { dir })
      const taskId = await next(scAddr)

      await devnet.kill(worker.name, 'SIGKILL')
      rmSync(worker.dataDir, { recursive: true })
      cpSync(dir, worker.dataDir, { recursive: true })
      await whileMining(devnet, devnet.restart(worker.name))
      // The end of the task's epoch, GRACE, G*W and CONF: 10 + 5 + 21 + 1 blocks at most, and the principal's call.
      const lost = async (): Promise<Alarm | undefined> => {
        const { alarms } = (await worker.status()) as unknown as { alarms: Alarm[] }
        return alarms.find(({ code, message }) => code === 'CONTENT_LOST' && message.includes('were destroyed'))
      }
      const seen = waitFor(lost, { what: 'the alarm', limitMs: 80_000 })
      const { message } = await whileMining(devnet, seen)

      expect(message).to.include(`Of contract ${scAddr} nobody holds delta 2: no other worker is registered.`)
      expect(message).to.include(taskId)
    } finally {
      client.close()
    }
  })
})
