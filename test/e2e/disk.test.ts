import { execFileSync } from 'node:child_process'
import { expect } from 'chai'
import { startDevnet, type Devnet, type DevnetNode } from '@enigma/devnet'
import { connectAs, sample } from './support/actors.ts'
import { mineUntil, whileMining } from './support/mining.ts'

/** Blocks for which the disk takes nothing: each of them is something to write. */
const BLOCKS = 8

describe('e2e: a disk that takes nothing', function () {
  this.timeout(180_000)
  let devnet: Devnet

  before(async () => {
    devnet = await startDevnet({ workers: 1, epochSize: 50, mining: { mode: 'manual' } })
  })
  after(() => devnet?.stop())

  const isRaised = async ({ httpUrl }: DevnetNode): Promise<boolean> => {
    const { alarms } = (await (await fetch(`${httpUrl}/status`)).json()) as { alarms: { code: string }[] }
    return alarms.some(({ code }) => code === 'DISK')
  }
  /** As on a full disk: what would make a file longer than this fails. */
  const limitFiles = ({ pid }: DevnetNode, bytes: string): unknown =>
    execFileSync('prlimit', ['--pid', String(pid), `--fsize=${bytes}:unlimited`])

  for (const role of ['principal', 'worker']) {
    it(`does not end a ${role}, which says so for as long as it is so, and goes on`, async () => {
      const node = role === 'worker' ? devnet.workers[0]! : devnet.principal
      const { pid } = node
      limitFiles(node, '0')
      try {
        await mineUntil(devnet, () => isRaised(node), 20)
        for (let block = 0; block < BLOCKS; block++) {
          await devnet.mine()
          expect(await isRaised(node), `${block} blocks later`).to.equal(true)
        }
      } finally {
        limitFiles(node, 'unlimited')
      }
      await mineUntil(devnet, async () => !(await isRaised(node)), 20)
      expect(node.pid, 'it is the same process').to.equal(pid)
      const client = await connectAs(devnet, devnet.accounts.users[0]!)
      const deployed = client.deploy(sample('calculator'), []).then(task => task.result())
      await whileMining(devnet, deployed).finally(() => client.close())
    })
  }
})
