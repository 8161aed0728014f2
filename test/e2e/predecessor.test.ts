import { expect } from 'chai'
import { callWorker, type Artifact, type EnigmaClient, type SecretContractAbi } from 'enigma-js'
import { randomBytes, requireSeat, toHex, type Hash, type ScAddr, type SeatJson } from '@enigma/protocol'
import { connectAs } from './support/actors.ts'
import { commitOf } from './support/commits.ts'
import { counterContract } from './support/counter.ts'
import { Ledger } from './support/ledger.ts'
import { mineUntil, whileMining } from './support/mining.ts'
import { untilCallInPool, untilInPool } from './support/pool.ts'
import { seatsOf } from './support/seats.ts'
import { testEpochSize, useSharedDevnet } from './support/shared-devnet.ts'

/** What the system before this one got wrong, each as a test. */
describe('e2e: faults of the predecessor', function () {
  this.timeout(300_000)
  const shared = useSharedDevnet()
  let ledger: Ledger
  let counter: Artifact<SecretContractAbi>
  let client: EnigmaClient
  before(async () => {
    const { devnet, nextUser } = shared()
    ledger = new Ledger(devnet)
    counter = await counterContract()
    client = await connectAs(devnet, nextUser())
  })
  after(() => {
    client?.close()
    ledger?.close()
  })

  const deploy = (): Promise<ScAddr> =>
    whileMining(
      shared().devnet,
      client.deploy(counter, []).then(task => task.result())
    )
  const seatsIn = async (scAddr: ScAddr, epoch: number): Promise<readonly SeatJson[]> =>
    (await callWorker(shared().devnet.workers[0]!.httpUrl, 'getWorkerEncryptionKey', { scAddr, epoch })).seats

  it('selection: workers, client and contract name the same seats, epoch after epoch', async () => {
    const { devnet } = shared()
    const deployed = await deploy()
    for (let round = 0; round < 2; round++) {
      const epoch = await ledger.epoch()
      const info = (await ledger.enigma.getFunction('epochInfo')(epoch)) as { mix: Hash; root: Hash; total: bigint }
      for (const scAddr of [deployed, ...Array.from({ length: 20 }, () => toHex(randomBytes(32)) as ScAddr)]) {
        const answers = await Promise.all(
          devnet.workers.map(worker => callWorker(worker.httpUrl, 'getWorkerEncryptionKey', { scAddr, epoch }))
        )
        const seen = (await client.network.seats(scAddr)).map(({ k, signer }) => ({ k, signer }))
        expect(seen.map(({ k }) => k)).to.deep.equal([0, 1, 2])
        for (const { seats } of answers) {
          expect(seats.map(({ k, signer }) => ({ k, signer }))).to.deep.equal(seen)
          for (const { k, index, operator, signer, stake, path } of seats) {
            const siblings = path.map(({ hash, sum }) => ({ hash, sum: BigInt(sum) }))
            requireSeat(info, scAddr, k, { leaf: { index, operator, signer, stake: BigInt(stake) }, siblings })
          }
        }
      }
      // The contract draws by itself, and takes the receipt of nobody but whom it drew: the holder of the seat that is named.
      const task = await whileMining(devnet, client.compute(deployed, counter.abi, 'next', []))
      expect(await whileMining(devnet, task.result())).to.equal(BigInt(round + 1))
      const { seat, operator } = await commitOf(ledger, task.taskId)
      const { record } = await client.getTask(task.taskId)
      expect((await seatsIn(deployed, record.epoch))[seat]!.operator.toLowerCase()).to.equal(operator)
      await mineUntil(devnet, async () => (await ledger.epoch()) > epoch, 3 * testEpochSize)
    }
  })

  it('a task recorded in the last block of an epoch is settled in the next one, by the seats of its own', async () => {
    const { devnet } = shared()
    const scAddr = await deploy()
    const nextEpochBlock = async (): Promise<number> => Number(await ledger.enigma.getFunction('nextEpochBlock')())
    for (let count = 1; count <= 3; count++) {
      // The next block is the last one of the epoch: from the one after it on, the principal may begin the next.
      const isLast = async (): Promise<boolean> => (await devnet.blockNumber()) + 2 === (await nextEpochBlock())
      await mineUntil(devnet, isLast, 3 * testEpochSize)
      const epoch = await ledger.epoch()
      const lastBlock = (await devnet.blockNumber()) + 1
      const sent = client.compute(scAddr, counter.abi, 'next', [])
      await untilInPool(ledger, client.address!, 'the record')
      const sleepers = count === 2 ? devnet.workers : [] // they see the record when its epoch is over
      for (const { name } of sleepers) await devnet.kill(name, 'SIGSTOP')
      try {
        await devnet.mine()
        await untilCallInPool(ledger, 'setEpoch') // so that it is the last one indeed
        await devnet.mine()
      } finally {
        for (const { name } of sleepers) await devnet.kill(name, 'SIGCONT')
      }
      const task = await whileMining(devnet, sent)
      expect(await whileMining(devnet, task.result())).to.equal(BigInt(count))

      const { record, settlement } = await client.getTask(task.taskId)
      expect({ epoch: record.epoch, block: record.recordBlock }).to.deep.equal({ epoch, block: lastBlock })
      expect(settlement?.outcome).to.equal('verified')
      const next = (await ledger.enigma.getFunction('epochInfo')(epoch + 1)) as { startBlock: bigint }
      expect(Number(next.startBlock), 'the next epoch begins in the block after the record').to.equal(lastBlock + 1)
      const { seat, operator, block } = await commitOf(ledger, task.taskId)
      expect(block).to.be.at.least(Number(next.startBlock))
      expect((await seatsIn(scAddr, epoch))[seat]!.operator.toLowerCase()).to.equal(operator)
    }
  })

  it('a task given to a worker without a seat reaches those that have one, and they are paid', async () => {
    const { devnet, nextUser } = shared()
    const user = nextUser()
    for (let tries = 0; tries < 20; tries++) {
      const scAddr = await deploy()
      const seats = await seatsOf(devnet, scAddr, await ledger.epoch())
      const wrong = devnet.workers.find(worker => !seats.includes(worker))
      if (wrong === undefined) continue // every worker has one of the three seats
      const other = await connectAs(devnet, user, { rpc: [wrong.httpUrl] })
      try {
        const task = await whileMining(devnet, other.compute(scAddr, counter.abi, 'next', []))
        expect(await whileMining(devnet, task.result())).to.equal(1n)
        const { record } = await other.getTask(task.taskId)
        const holders = (await seatsIn(scAddr, record.epoch)).map(({ operator }) => operator.toLowerCase())
        if (holders.includes(wrong.operator.address.toLowerCase())) continue // drawn anew meanwhile
        expect(holders).to.include((await commitOf(ledger, task.taskId)).operator)
        return
      } finally {
        other.close()
      }
    }
    throw new Error('every worker has a seat of every contract')
  })

  it('with three nodes, each picks up its tasks by itself, and none is left lying', async () => {
    const { devnet } = shared()
    expect(devnet.workers).to.have.lengthOf(3)
    const pickedUp = new Set<string>()
    for (let tasks = 0; tasks < 6 || (pickedUp.size < 3 && tasks < 30); tasks++) {
      const scAddr = await deploy()
      const sent = client.compute(scAddr, counter.abi, 'next', [])
      await untilInPool(ledger, client.address!, 'the record')
      await devnet.mine()
      const task = await sent
      const { recordBlock, epoch } = (await client.getTask(task.taskId)).record
      // No block comes meanwhile: whoever has seat 0 sends its receipt by itself, or nobody does.
      const first = (await seatsIn(scAddr, epoch))[0]!.operator
      await untilInPool(ledger, first, 'the receipt of seat 0')
      await devnet.mine()
      expect(await ledger.endings(task.taskId)).to.deep.equal(['ReceiptVerified'])
      expect(await commitOf(ledger, task.taskId)).to.deep.equal({
        block: recordBlock + 1,
        operator: first.toLowerCase(),
        seat: 0
      })
      expect(await whileMining(devnet, task.result())).to.equal(1n)
      pickedUp.add(first)
    }
    expect(pickedUp.size, 'nodes that had something to pick up').to.equal(3)
  })

  it('the key node serves several contracts: each keeps its own state, across epochs and workers', async () => {
    const { devnet } = shared()
    const contracts = [await deploy(), await deploy(), await deploy()]
    const writers = contracts.map(() => new Set<string>())
    const counts = contracts.map(() => 0n)
    const isMoved = (): boolean => writers.every(operators => operators.size > 1)
    for (let round = 1; round <= 3 || (!isMoved() && round <= 20); round++) {
      for (const [i, scAddr] of contracts.entries()) {
        if (i >= round) continue // each has a count of its own
        const task = await whileMining(devnet, client.compute(scAddr, counter.abi, 'next', []))
        counts[i]! += 1n
        expect(await whileMining(devnet, task.result()), `contract ${i} in round ${round}`).to.equal(counts[i])
        writers[i]!.add((await commitOf(ledger, task.taskId)).operator)
      }
      const epoch = await ledger.epoch()
      await mineUntil(devnet, async () => (await ledger.epoch()) > epoch, 3 * testEpochSize)
    }
    expect(isMoved(), 'each state was written by several workers').to.equal(true)
    expect(counts[0]! - counts[1]!).to.equal(1n)
    expect(counts[1]! - counts[2]!).to.equal(1n)
  })
})
