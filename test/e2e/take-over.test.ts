import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'chai'
import { startDevnet, waitFor, type DevAccount, type Devnet, type DevnetWorker } from '@enigma/devnet'
import type { ScAddr } from '@enigma/protocol'
import { callWorker, type Artifact, type EnigmaClient, type SecretContractAbi, type Task } from 'enigma-js'
import { connectAs } from './support/actors.ts'
import { commitOf } from './support/commits.ts'
import { counterContract } from './support/counter.ts'
import { Ledger } from './support/ledger.ts'
import { mineUntil, whileMining } from './support/mining.ts'
import { deployerWith, seatsOf } from './support/seats.ts'

/** R7: blocks of one seat's window, and until a task's last block. */
const WINDOW = 7
const PERIOD = 3 * WINDOW
const EPOCH_SIZE = 40

describe('e2e: another seat takes over', function () {
  this.timeout(360_000)
  let devnet: Devnet
  let ledger: Ledger
  let counter: Artifact<SecretContractAbi>

  before(async function () {
    devnet = await startDevnet({ workers: 3, epochSize: EPOCH_SIZE, mining: { mode: 'manual' } })
    ledger = new Ledger(devnet)
    counter = await counterContract()
  })
  after(async function () {
    ledger?.close()
    await devnet?.stop()
  })

  interface Place {
    readonly client: EnigmaClient
    readonly user: DevAccount
    readonly scAddr: ScAddr
    readonly seats: readonly DevnetWorker[]
  }

  /** A counter with the wanted seats, early enough in an epoch that they keep them for a while. */
  async function place(wanted: (seats: readonly DevnetWorker[]) => boolean): Promise<Place> {
    for (let tries = 0; tries < 12; tries++) {
      const epoch = await ledger.epoch()
      await mineUntil(devnet, async () => (await ledger.epoch()) > epoch, 2 * EPOCH_SIZE, 100)
      const found = await deployerWith(devnet, ledger, wanted)
      if (found === undefined) continue
      const client = await connectAs(devnet, found.user)
      const task = await whileMining(devnet, client.deploy(counter, []))
      expect(await whileMining(devnet, task.result())).to.equal(found.scAddr)
      return { ...found, client }
    }
    throw new Error('no account had a contract with these seats')
  }
  const different = ([first, second]: readonly DevnetWorker[]): boolean => first !== second
  const next = ({ client, scAddr }: Place): Promise<Task<unknown>> => client.compute(scAddr, counter.abi, 'next', [])
  /** Through the workers that are not named: a stopped one would only keep the client waiting. */
  const without = async ({ user, ...rest }: Place, ...stopped: DevnetWorker[]): Promise<Place> => {
    const rpc = devnet.workers.filter(worker => !stopped.includes(worker)).map(worker => worker.httpUrl)
    return { ...rest, user, client: await connectAs(devnet, user, { rpc, storage: undefined }) }
  }
  const credit = async ({ operator }: DevnetWorker): Promise<bigint> =>
    ((await ledger.enigma.getFunction('worker')(operator.address)) as { credit: bigint }).credit
  const pendingFrom = async (account: string): Promise<number> => {
    const block = (await ledger.provider.send('eth_getBlockByNumber', ['pending', true])) as {
      transactions: { from: string }[]
    }
    return block.transactions.filter(({ from }) => from.toLowerCase() === account.toLowerCase()).length
  }

  /** Transactions to Enigma that an account has in blocks, from this one on. */
  const receiptsOf = async (account: string, from: number): Promise<number> => {
    let found = 0
    for (let number = from; number <= (await devnet.blockNumber()); number++) {
      const block = (await ledger.provider.getBlock(number, true))!
      found += block.prefetchedTransactions.filter(
        tx => tx.from === account && tx.to?.toLowerCase() === devnet.enigma.toLowerCase()
      ).length
    }
    return found
  }

  it('seat 0 is stopped for its window: seat 1 commits after seven blocks and earns, seat 0 earns nothing', async () => {
    const at = await place(different)
    const [first, second] = at.seats as [DevnetWorker, DevnetWorker]
    const before = [await credit(first), await credit(second)]
    const client = await without(at, first)
    await devnet.kill(first.name, 'SIGSTOP')
    let task: Task<unknown>
    try {
      task = await whileMining(devnet, next(client))
      await mineUntil(devnet, async () => (await ledger.endings(task.taskId)).length > 0, PERIOD + 2)
    } finally {
      await devnet.kill(first.name, 'SIGCONT')
    }
    const { record, settlement } = await at.client.getTask(task.taskId)
    expect(settlement?.outcome).to.equal('verified')
    expect((settlement as { block: number }).block - record.recordBlock).to.be.within(WINDOW + 1, PERIOD)
    const { seat, operator } = await commitOf(ledger, task.taskId)
    expect({ seat, operator }).to.deep.equal({ seat: 1, operator: second.operator.address.toLowerCase() })
    const { gasUsed } = settlement as { gasUsed: bigint }
    expect(await credit(first)).to.equal(before[0])
    expect((await credit(second)) - before[1]!, 'the whole fee').to.equal(gasUsed * record.gasPx)
    expect(await whileMining(devnet, task.result())).to.equal(1n)
    expect(
      await whileMining(
        devnet,
        next(at).then(again => again.result())
      )
    ).to.equal(2n)
    for (const { client: one } of [at, client]) one.close()
  })

  it('seat 0 is deleted after its commit and before anybody has its delta: another seat restores the state', async () => {
    const at = await place(different)
    const [first] = at.seats as [DevnetWorker]
    const others = devnet.workers.filter(worker => worker !== first)
    const sent = next(at) // delivered to every seat, then recorded with the next block
    await waitFor(async () => (await pendingFrom(at.user.address)) > 0, { what: 'the record', limitMs: 60_000 })
    for (const { name } of others) await devnet.kill(name, 'SIGSTOP')
    try {
      await devnet.mine()
      const hasSent = async (): Promise<boolean> => (await pendingFrom(first.operator.address)) > 0
      await waitFor(hasSent, { what: 'the receipt of seat 0', limitMs: 60_000 })
      await devnet.mine()
      await devnet.kill(first.name, 'SIGKILL')
      rmSync(join(first.dataDir, 'db'), { recursive: true })
    } finally {
      for (const { name } of others) await devnet.kill(name, 'SIGCONT')
    }
    const client = await without(at, first)
    const task = await whileMining(devnet, sent)
    expect(await ledger.endings(task.taskId)).to.deep.equal(['ReceiptVerified'])
    // They ask everybody for the delta for a while, then run the task again; no block needs to come meanwhile.
    const rebuilt = (): boolean =>
      others.some(({ name }) => devnet.logs(name).some(line => line.includes('a lost run was rebuilt')))
    await waitFor(rebuilt, { what: 'the delta to be made again', limitMs: 180_000 })
    expect(
      await whileMining(
        devnet,
        next(client).then(again => again.result())
      )
    ).to.equal(2n)
    for (const { httpUrl } of others) {
      const { taskId } = task
      await waitFor(async () => (await callWorker(httpUrl, 'getTaskResult', { taskId })) !== null, {
        what: 'the result of the first run, which only the lost worker had',
        limitMs: 60_000
      })
    }
    await devnet.restart(first.name)
    expect(await whileMining(devnet, task.result())).to.equal(1n)
    expect(
      await whileMining(
        devnet,
        next(at).then(again => again.result())
      )
    ).to.equal(3n)
    for (const { client: one } of [at, client]) one.close()
  })

  it('the seat that restores it dies in the middle of that: started again it goes on with it, and the next task is verified', async () => {
    const at = await place(different)
    const [first, second] = at.seats as [DevnetWorker, DevnetWorker]
    const others = devnet.workers.filter(worker => worker !== first)
    const helpless = others.filter(worker => worker !== second)
    const said = (text: string): string[] => devnet.logs(second.name).filter(line => line.includes(text))
    const rebuiltBefore = said('a lost run was rebuilt').length // in the test before, perhaps
    await devnet.restart(second.name, { env: { ENIGMA_CRASH_AT: 'rebuilding' } })
    const sent = next(at)
    await waitFor(async () => (await pendingFrom(at.user.address)) > 0, { what: 'the record', limitMs: 60_000 })
    for (const { name } of others) await devnet.kill(name, 'SIGSTOP')
    await devnet.mine()
    const hasSent = async (): Promise<boolean> => (await pendingFrom(first.operator.address)) > 0
    await waitFor(hasSent, { what: 'the receipt of seat 0', limitMs: 60_000 })
    await devnet.mine()
    await devnet.kill(first.name, 'SIGKILL')
    rmSync(join(first.dataDir, 'db'), { recursive: true })
    for (const { name } of helpless) await devnet.kill(name, 'SIGKILL') // or it might do the work
    await devnet.kill(second.name, 'SIGCONT')
    await waitFor(() => second.pid === undefined, { what: 'its death in the rebuild', limitMs: 180_000 })
    expect(said('a lost run was rebuilt')).to.have.length(rebuiltBefore)

    await devnet.restart(second.name)
    const task = await whileMining(devnet, sent)
    const { taskId } = task
    expect(said('taken up where they stood').at(-1)).to.include(`${taskId} rebuilding`)
    await waitFor(() => said('a lost run was rebuilt').length > rebuiltBefore, { what: 'the rebuild', limitMs: 60_000 })
    const client = await without(at, first, ...helpless)
    const result = async (through: Place): Promise<unknown> => (await next(through)).result()
    expect(await whileMining(devnet, result(client))).to.equal(2n)
    expect(await ledger.endings(taskId)).to.deep.equal(['ReceiptVerified'])
    for (const { name } of [first, ...helpless]) await devnet.restart(name)
    expect(await whileMining(devnet, task.result())).to.equal(1n)
    expect(await whileMining(devnet, result(at))).to.equal(3n)
    for (const { client: one } of [at, client]) one.close()
  })

  it('two seats race for one task: one is paid', async () => {
    const at = await place(different)
    const [first, second] = at.seats as [DevnetWorker, DevnetWorker]
    rmSync(join(first.dataDir, 'crashed-at-signed-transaction'), { force: true })
    await devnet.restart(first.name, { env: { ENIGMA_CRASH_AT: 'signed-transaction' } })
    const before = [await credit(first), await credit(second)]
    const client = await without(at, first)
    const task = await whileMining(devnet, next(client))
    // Seat 0 dies with its transaction signed and not sent; when its window is over, seat 1 sends its own.
    await waitFor(() => first.pid === undefined, { what: 'the death of seat 0', limitMs: 60_000 })
    await mineUntil(devnet, async () => (await pendingFrom(second.operator.address)) > 0, WINDOW + 2)
    await devnet.restart(first.name, { waitReady: false }) // it sends at once what it had signed
    const both = async (): Promise<boolean> =>
      (await pendingFrom(first.operator.address)) > 0 && (await pendingFrom(second.operator.address)) > 0
    await waitFor(both, { what: 'both receipts in the pool', limitMs: 60_000 })
    await devnet.mine()
    await sleep(500)
    await devnet.mine(1)

    expect(await ledger.endings(task.taskId)).to.deep.equal(['ReceiptVerified'])
    const { record, settlement } = await at.client.getTask(task.taskId)
    const fee = (settlement as { gasUsed: bigint }).gasUsed * record.gasPx
    const paid = [(await credit(first)) - before[0]!, (await credit(second)) - before[1]!]
    expect(paid, 'one is paid, once').to.have.members([fee, 0n])
    expect(fee > 0n).to.equal(true)
    const sent = await Promise.all([first, second].map(async ({ operator }) => receiptsOf(operator.address, record.recordBlock))) // prettier-ignore
    expect(sent, 'both were in blocks: one came too late').to.deep.equal([1, 1])
    expect(await whileMining(devnet, task.result())).to.equal(1n)
    for (const { client: one } of [at, client]) one.close()
  })

  it('one worker has all seats and is down: its tasks are refunded, and in the next epoch the contract goes on', async () => {
    const at = await place(([first, second, third]) => first === second && second === third)
    const [only] = at.seats as [DevnetWorker]
    const epoch = await ledger.epoch()
    const users = [at.user, devnet.accounts.users.find(user => user !== at.user)!]
    const before = await Promise.all(users.map(({ address }) => ledger.balance(address)))
    const places = await Promise.all(users.map(user => without({ ...at, user }, only)))
    const sent = places.map(next) // each delivered to the one seat holder that there is
    for (const { address } of users)
      await waitFor(async () => (await pendingFrom(address)) > 0, { what: 'the record', limitMs: 60_000 })
    await devnet.kill(only.name, 'SIGKILL')
    const tasks = await whileMining(devnet, Promise.all(sent))
    const paid = await Promise.all(users.map(({ address }) => ledger.balance(address)))
    expect(paid.every((balance, i) => balance < before[i]!)).to.equal(true)

    for (const { taskId } of tasks) {
      await mineUntil(devnet, async () => (await ledger.endings(taskId)).length > 0, PERIOD + 15)
      expect(await ledger.endings(taskId)).to.deep.equal(['TaskFeeReturned'])
    }
    expect(await Promise.all(users.map(({ address }) => ledger.balance(address)))).to.deep.equal(before)

    const goesOn = async (): Promise<boolean> => {
      const now = await ledger.epoch()
      return now > epoch && (await seatsOf(devnet, at.scAddr, now)).some(worker => worker !== only)
    }
    await mineUntil(devnet, goesOn, 6 * EPOCH_SIZE, 100)
    expect(
      await whileMining(
        devnet,
        next(places[0]!).then(again => again.result())
      )
    ).to.equal(1n)
    await devnet.restart(only.name)
    for (const { client: one } of [at, ...places]) one.close()
  })
})
