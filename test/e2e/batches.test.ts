import { expect } from 'chai'
import { startDevnet, waitFor, type Devnet } from '@enigma/devnet'
import type { ScAddr, TaskId } from '@enigma/protocol'
import type { Artifact, EnigmaClient, SecretContractAbi, Task } from 'enigma-js'
import { connectAs } from './support/actors.ts'
import { counterContract } from './support/counter.ts'
import { showLogsOfFailures } from './support/failure-logs.ts'
import { Ledger } from './support/ledger.ts'
import { mineUntil, whileMining } from './support/mining.ts'

const TASKS = 8
const SETTLING = ['commitReceipt', 'commitReceiptWithCallback', 'commitReceipts']

/** R7: a worker runs ahead on its own unsettled deltas, and commits what it ran together. Blocks come when the test says so. */
describe('e2e: runs ahead of the chain, committed together', function () {
  this.timeout(240_000)
  let devnet: Devnet
  let ledger: Ledger
  let counter: Artifact<SecretContractAbi>
  let scAddr: ScAddr
  let clients: EnigmaClient[]

  before(async () => {
    devnet = await startDevnet({ workers: 3, epochSize: 100, mining: { mode: 'manual' } })
    ledger = new Ledger(devnet)
    counter = await counterContract()
    clients = await Promise.all(devnet.accounts.users.slice(0, TASKS).map(user => connectAs(devnet, user)))
    scAddr = await whileMining(
      devnet,
      clients[0]!.deploy(counter, []).then(task => task.result() as Promise<ScAddr>)
    )
  })
  after(async () => {
    for (const client of clients ?? []) client.close()
    ledger?.close()
    await devnet?.stop()
  })
  showLogsOfFailures(() => devnet)

  interface Pending {
    readonly hash: string
    readonly input: string
    readonly from: string
  }
  async function pending(): Promise<Pending[]> {
    const block = (await ledger.provider.send('eth_getBlockByNumber', ['pending', true])) as { transactions: Pending[] }
    return block.transactions
  }
  /** The tasks whose receipts a transaction carries, in order; null for one that settles nothing. */
  function settles(input: string): TaskId[] | null {
    const call = ledger.enigma.interface.parseTransaction({ data: input })
    if (!call || !SETTLING.includes(call.name)) return null
    const items = (call.name === 'commitReceipts' ? [...call.args[0]] : [call.args[0]]) as {
      receipt?: { taskId: TaskId }
      taskId: TaskId
    }[]
    return items.map(item => item.receipt?.taskId ?? item.taskId)
  }
  const committing = async (): Promise<{ hash: string; taskIds: TaskId[] }[]> =>
    (await pending()).flatMap(({ hash, input }) => {
      const taskIds = settles(input)
      return taskIds ? [{ hash, taskIds }] : []
    })

  /** One task of each client, all recorded in one block. */
  async function recordTogether(): Promise<Task<unknown>[]> {
    const tasks = Promise.all(clients.map(client => client.compute(scAddr, counter.abi, 'next', [])))
    const senders = new Set(clients.map(client => client.address!.toLowerCase()))
    const recorded = async (): Promise<boolean> =>
      new Set((await pending()).map(({ from }) => from.toLowerCase()).filter(from => senders.has(from))).size === TASKS
    await waitFor(recorded, { what: 'all records in the pool', limitMs: 60_000 })
    await devnet.mine()
    return tasks
  }
  /** Every task's receipt waits for a block. */
  const allCommitted = (tasks: readonly Task<unknown>[]): Promise<unknown> =>
    waitFor(
      async () => {
        const there = new Set((await committing()).flatMap(({ taskIds }) => taskIds))
        return tasks.every(({ taskId }) => there.has(taskId))
      },
      { what: 'all receipts in the pool', limitMs: 60_000 }
    )

  it('runs the tasks of one block on top of each other, and settles them all in the next', async () => {
    const tasks = await recordTogether()
    await allCommitted(tasks)
    const commits = await committing()
    expect(Math.max(...commits.map(({ taskIds }) => taskIds.length)), 'receipts in one transaction').to.be.above(1)
    expect(commits.length, 'transactions').to.be.below(TASKS)
    await devnet.mine()
    const facts = await Promise.all(tasks.map(task => clients[0]!.getTask(task.taskId)))
    for (const { record, settlement } of facts) {
      expect(settlement?.outcome).to.equal('verified')
      expect((settlement as { block: number }).block).to.equal(record.recordBlock + 1)
    }
    for (const { taskId } of tasks) expect(await ledger.endings(taskId)).to.deep.equal(['ReceiptVerified'])
    const results = await whileMining(devnet, Promise.all(tasks.map(task => task.result())))
    expect([...results].sort((a, b) => Number((a as bigint) - (b as bigint)))).to.deep.equal(
      Array.from({ length: TASKS }, (_, i) => BigInt(i + 1))
    )
    // The order of the receipts is the order in which the runs built on each other.
    const inOrder = commits.flatMap(({ taskIds }) => taskIds)
    expect(inOrder.map(taskId => results[tasks.findIndex(task => task.taskId === taskId)])).to.deep.equal(
      Array.from({ length: TASKS }, (_, i) => BigInt(i + 1))
    )
    const gas = await Promise.all(
      commits.map(async ({ hash, taskIds }) => {
        const { gasUsed } = (await ledger.provider.getTransactionReceipt(hash))!
        return { each: Number(gasUsed) / taskIds.length, receipts: taskIds.length }
      })
    )
    const together = gas.filter(({ receipts }) => receipts > 2)
    const alone = await gasAlone()
    for (const { each } of together) expect(each).to.be.below(alone)
  })

  async function gasAlone(): Promise<number> {
    const asked = clients[0]!.compute(scAddr, counter.abi, 'next', [])
    const task = await whileMining(devnet, asked)
    await mineUntil(devnet, async () => (await ledger.endings(task.taskId)).length === 1, 20)
    const [log] = await ledger.enigma.queryFilter(ledger.enigma.getEvent('ReceiptVerified')(task.taskId), 0)
    return Number((await ledger.provider.getTransactionReceipt(log!.transactionHash))!.gasUsed)
  }
})
