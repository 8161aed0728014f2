import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { processTree, startDevnet, waitFor, type Devnet } from '@enigma/devnet'
import type { ScAddr } from '@enigma/protocol'
import type { EnigmaClient } from 'enigma-js'
import { connectAs, sample } from './support/actors.ts'
import { Ledger } from './support/ledger.ts'
import { whileMining } from './support/mining.ts'

/** R8's persistence points, in the order in which a task passes them. */
const points = ['envelope', 'accepted', 'sealed-run', 'signed-transaction', 'inclusion', 'released'] as const

describe('e2e: a worker dies', () => {
  let devnet: Devnet
  let ledger: Ledger
  let client: EnigmaClient
  let scAddr: ScAddr
  const artifact = sample('calculator')

  before(async function () {
    this.timeout(180_000)
    devnet = await startDevnet({ workers: 1, epochSize: 50, mining: { mode: 'manual' } })
    ledger = new Ledger(devnet)
    client = await connectAs(devnet, devnet.accounts.users[0]!)
    scAddr = (await whileMining(
      devnet,
      client.deploy(artifact, []).then(task => task.result())
    )) as ScAddr
  })
  after(async function () {
    this.timeout(60_000)
    client?.close()
    ledger?.close()
    await devnet?.stop()
  })

  const workerIsDead = (): Promise<unknown> =>
    waitFor(() => devnet.workers[0]!.pid === undefined, { what: 'the death of worker1', limitMs: 60_000 })

  for (const point of points) {
    it(`kill -9 right after "${point}" was persisted: the task ends once`, async function () {
      this.timeout(240_000)
      await devnet.restart('worker1', { env: { ENIGMA_CRASH_AT: point } })
      const multiply = (): Promise<string> =>
        whileMining(
          devnet,
          client.compute(scAddr, artifact.abi, 'mul', [76n, 17n]).then(task => task.taskId)
        )

      let taskId: string
      if (point === 'envelope') {
        // Nothing was answered, so nothing was paid. Delivering again after the restart is harmless.
        const before = await ledger.balance(client.address!)
        const failure = await multiply().then(
          () => 'no error',
          (error: { code?: string }) => error.code
        )
        expect(failure).to.not.equal('no error')
        await workerIsDead()
        expect(await ledger.balance(client.address!)).to.equal(before)
        await devnet.restart('worker1')
        taskId = await multiply()
      } else {
        taskId = await multiply()
        await whileMining(devnet, workerIsDead())
        await devnet.restart('worker1')
      }

      const task = await client.task(taskId)
      const outcome = await whileMining(
        devnet,
        task.result().then(
          value => value,
          (error: { code?: string }) => error.code
        )
      )
      expect(outcome).to.be.oneOf([1292n, 'TASK_EXPIRED'])
      expect(await ledger.endings(taskId)).to.have.lengthOf(1)
    })
  }

  it('a task whose only worker stays dead expires, and the requester gets the fee back by asking for it', async function () {
    this.timeout(120_000)
    const worker = devnet.workers[0]!
    rmSync(join(worker.dataDir, 'crashed-at-accepted'), { force: true }) // so that it dies there once more
    await devnet.restart('worker1', { env: { ENIGMA_CRASH_AT: 'accepted' } })
    const before = await ledger.balance(client.address!)
    const task = await whileMining(devnet, client.compute(scAddr, artifact.abi, 'mul', [76n, 17n]))
    await whileMining(devnet, workerIsDead())
    const paid = before - (await ledger.balance(client.address!))
    expect(paid > 0n).to.equal(true)

    // Past the deadline, with nobody there to settle or refund. One by one: what hardhat_mine makes in bulk is no chain of parents.
    for (let block = 0; block < 25; block++) await devnet.mine()
    const refund = await whileMining(devnet, client.refund(task.taskId))

    expect(refund.amount).to.equal(paid)
    expect(await ledger.balance(client.address!)).to.equal(before)
    expect(await ledger.endings(task.taskId)).to.deep.equal(['TaskFeeReturned'])
    await devnet.restart('worker1')
  })

  it('kill -9 of its enclave: the worker starts another and goes on', async function () {
    this.timeout(120_000)
    const enclaves = (): number[] =>
      processTree(devnet.workers[0]!.pid!)
        .filter(({ command }) => command.includes('enclave.mjs'))
        .map(({ pid }) => pid)
    const before = enclaves()
    expect(before, 'processes of the enclave').to.not.be.empty
    for (const pid of before) process.kill(pid, 'SIGKILL')
    const result = await whileMining(
      devnet,
      client.compute(scAddr, artifact.abi, 'sub', [76n, 17n]).then(task => task.result())
    )
    expect(result).to.equal(59n)
    expect(devnet.workers[0]!.pid).to.be.a('number')
    const after = enclaves()
    expect(after).to.not.be.empty
    expect(after).to.not.include.members(before)
  })
})
