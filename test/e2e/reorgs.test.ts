import { expect } from 'chai'
import { startDevnet, waitFor, type Devnet } from '@enigma/devnet'
import type { ScAddr } from '@enigma/protocol'
import {
  callWorker,
  type Artifact,
  type EnigmaClient,
  type SecretContractAbi,
  type Task,
  type TaskProgress
} from 'enigma-js'
import { connectAs } from './support/actors.ts'
import { counterContract } from './support/counter.ts'
import { showLogsOfFailures } from './support/failure-logs.ts'
import { Ledger } from './support/ledger.ts'
import { mineUntil, whileMining } from './support/mining.ts'
import { signedBy } from './support/signed.ts'

/** Blocks are taken back by the chain's own node; what its transactions do afterwards is what the pools of real nodes do with them. */
describe('e2e: a chain that is reorganised, with 24 confirmations', function () {
  this.timeout(240_000)
  let counter: Artifact<SecretContractAbi>
  let devnet: Devnet
  let ledger: Ledger
  let client: EnigmaClient
  let scAddr: ScAddr
  let counted = 0n

  before(async () => {
    devnet = await startDevnet({ workers: 1, confirmations: 24, epochSize: 40, mining: { mode: 'manual' } })
    ledger = new Ledger(devnet)
    client = await connectAs(devnet, devnet.accounts.users[0]!)
    counter = await counterContract()
    const deployed = client.deploy(counter, []).then(task => task.result())
    scAddr = await whileMining(devnet, deployed, 100)
  })
  after(async () => {
    client?.close()
    ledger?.close()
    await devnet?.stop()
  })
  showLogsOfFailures(() => devnet)

  const resultOf = (taskId: string): Promise<unknown> =>
    callWorker(devnet.workers[0]!.httpUrl, 'getTaskResult', { taskId: taskId as never })

  /** What the worker counts, as Prometheus reads it. */
  async function metric(name: string): Promise<number> {
    const text = await (await fetch(`${devnet.workers[0]!.httpUrl}/metrics`)).text()
    return Number(new RegExp(`^enigma_${name}_total (\\d+)$`, 'm').exec(text)?.[1] ?? 0)
  }
  const untilNextEpoch = async (): Promise<number> =>
    Number(await ledger.enigma.getFunction('nextEpochBlock')()) - (await devnet.blockNumber())

  for (const [depth, acrossEpoch] of [[3], [12], [20, true]] as const) {
    const across = acrossEpoch ? ', across the begin of an epoch' : ''
    it(`undoes ${depth} blocks${across}: the task is run and settled again, no state is dropped, and nothing came out before`, async () => {
      const isPlace = (left: number): boolean => (acrossEpoch ? left >= 12 && left <= 15 : left > depth)
      await mineUntil(devnet, async () => isPlace(await untilNextEpoch()), 60, 100)
      const epoch = await ledger.epoch()
      const snapshot = (await ledger.provider.send('evm_snapshot', [])) as string
      const start = await devnet.blockNumber()
      // With two, the enclave has the first one's delta, and has to undo it.
      const tasks: Task[] = []
      while (tasks.length < (depth > 3 ? 2 : 1)) {
        const task = await whileMining(devnet, client.compute(scAddr, counter.abi, 'next', []), 100)
        await mineUntil(devnet, async () => (await ledger.endings(task.taskId)).length === 1, 20, 100)
        tasks.push(task)
      }
      const reverted = await metric('states_reverted')
      await mineUntil(devnet, async () => (await devnet.blockNumber()) >= start + depth, depth, acrossEpoch ? 150 : 0)
      for (const { taskId } of tasks) expect(await resultOf(taskId), 'not released').to.equal(null)
      if (acrossEpoch) expect(await ledger.epoch()).to.equal(epoch + 1)

      const lost = await signedBy(ledger, client.address!, start + 1, await devnet.blockNumber())
      expect(lost).to.have.lengthOf(tasks.length)
      await ledger.provider.send('evm_revert', [snapshot])
      for (const { taskId } of tasks) expect(await ledger.endings(taskId)).to.deep.equal([])
      expect(await ledger.epoch()).to.equal(epoch)
      await devnet.mine() // another chain: its record comes a block later than before
      await devnet.mine()
      for (const raw of lost) await ledger.provider.send('eth_sendRawTransaction', [raw])

      for (const task of tasks) {
        counted += 1n
        expect(await whileMining(devnet, task.result(), 100), 'the effect of the run that counts, once').to.equal(
          counted
        )
        expect(await ledger.endings(task.taskId)).to.deep.equal(['ReceiptVerified'])
      }
      counted += 1n
      const next = client.compute(scAddr, counter.abi, 'next', []).then(one => one.result())
      expect(await whileMining(devnet, next, 100)).to.equal(counted)
      if (acrossEpoch) expect(await ledger.epoch(), 'the epoch began on the other branch, too').to.be.above(epoch)
      if (tasks.length > 1) expect(await metric('states_reverted')).to.be.above(reverted)
      expect(await metric('states_dropped')).to.equal(0)
    })
  }
})

describe('e2e: a chain that is reorganised across the start of an epoch, with one confirmation', function () {
  this.timeout(240_000)
  let devnet: Devnet
  let ledger: Ledger
  let client: EnigmaClient

  before(async () => {
    devnet = await startDevnet({ workers: 1, confirmations: 1, epochSize: 12, mining: { mode: 'manual' } })
    ledger = new Ledger(devnet)
    client = await connectAs(devnet, devnet.accounts.users[0]!)
  })
  after(async () => {
    client?.close()
    ledger?.close()
    await devnet?.stop()
  })
  showLogsOfFailures(() => devnet)

  const pendingFrom = async (account: string): Promise<number> => {
    const block = (await ledger.provider.send('eth_getBlockByNumber', ['pending', true])) as {
      transactions: { from: string }[]
    }
    return block.transactions.filter(({ from }) => from.toLowerCase() === account.toLowerCase()).length
  }

  it('settles the task and starts the epoch again, and the client says that the output had been shown', async () => {
    const counter = await counterContract()
    const scAddr = await whileMining(
      devnet,
      client.deploy(counter, []).then(task => task.result() as Promise<ScAddr>)
    )
    const next = async (): Promise<bigint> => {
      const done = client.compute(scAddr, counter.abi, 'next', []).then(one => one.result())
      return (await whileMining(devnet, done)) as bigint
    }
    expect(await next()).to.equal(1n)
    // Early in an epoch, so that its end and not the reorganisation decides what comes between record and receipt.
    const old = await ledger.epoch()
    await mineUntil(devnet, async () => (await ledger.epoch()) > old, 40)
    const epoch = await ledger.epoch()

    const [worker] = devnet.workers as [(typeof devnet.workers)[0]]
    const sent = client.compute(scAddr, counter.abi, 'next', [])
    await waitFor(async () => (await pendingFrom(client.address!)) > 0, { what: 'the record', limitMs: 60_000 })
    await devnet.mine()
    const before = await devnet.blockNumber()
    const snapshot = (await ledger.provider.send('evm_snapshot', [])) as string // with the record, before its receipt
    const task = await whileMining(devnet, sent)
    expect(await whileMining(devnet, task.result())).to.equal(2n)
    await mineUntil(devnet, async () => (await ledger.epoch()) > epoch, 40)
    const undone = (await devnet.blockNumber()) - before
    expect(undone).to.be.above(1)

    await ledger.provider.send('evm_revert', [snapshot])
    expect(await ledger.epoch()).to.equal(epoch)
    expect(await ledger.endings(task.taskId), 'its receipt is gone').to.deep.equal([])
    const progress: TaskProgress[] = []
    await whileMining(
      devnet,
      (async () => {
        for await (const step of client.watchTask(task.taskId)) progress.push(step)
      })()
    )
    const [told] = progress.filter(({ undone }) => undone !== undefined)
    expect(told).to.include({ undone: 'final', revealed: true })
    expect(progress.at(-1)!.stage).to.equal('final')
    expect(await ledger.endings(task.taskId)).to.deep.equal(['ReceiptVerified'])
    const again = await client.task(task.taskId) // the first handle would only repeat what it gave before
    expect(await whileMining(devnet, again.result()), 'its own receipt came again').to.equal(2n)

    await mineUntil(devnet, async () => (await ledger.epoch()) > epoch, 40)
    expect(await next(), 'the state goes on').to.equal(3n)
    const { epoch: known } = await callWorker(worker.httpUrl, 'getInfo', {})
    expect(known).to.be.above(epoch)
  })
})
