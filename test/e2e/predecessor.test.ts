import { expect } from 'chai'
import { waitFor } from '@enigma/devnet'
import { callWorker, type Artifact, type EnigmaClient, type SecretContractAbi } from 'enigma-js'
import { randomBytes, requireSeat, toHex, type Hash, type ScAddr } from '@enigma/protocol'
import { connectAs } from './support/actors.ts'
import { counterContract } from './support/counter.ts'
import { Ledger } from './support/ledger.ts'
import { mineUntil, whileMining } from './support/mining.ts'
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
  const next = (scAddr: ScAddr): Promise<unknown> =>
    whileMining(
      shared().devnet,
      client.compute(scAddr, counter.abi, 'next', []).then(task => task.result())
    )

  it('selection: every worker names the same seats, and the chain proves each of them', async () => {
    const { devnet } = shared()
    const epoch = await ledger.epoch()
    const info = (await ledger.enigma.getFunction('epochInfo')(epoch)) as { mix: Hash; root: Hash; total: bigint }
    for (let i = 0; i < 20; i++) {
      const scAddr = toHex(randomBytes(32)) as ScAddr
      const answers = await Promise.all(
        devnet.workers.map(worker => callWorker(worker.httpUrl, 'getWorkerEncryptionKey', { scAddr, epoch }))
      )
      const [first] = answers
      for (const { seats } of answers) {
        expect(seats.map(seat => seat.signer)).to.deep.equal(first!.seats.map(seat => seat.signer))
        for (const { k, index, operator, signer, stake, path } of seats) {
          const siblings = path.map(({ hash, sum }) => ({ hash, sum: BigInt(sum) }))
          requireSeat(info, scAddr, k, { leaf: { index, operator, signer, stake: BigInt(stake) }, siblings })
        }
      }
    }
  })

  it('a task recorded in the last block of an epoch is settled', async () => {
    const { devnet } = shared()
    const scAddr = await deploy()
    const nextEpochBlock = async (): Promise<number> => Number(await ledger.enigma.getFunction('nextEpochBlock')())
    const isInPool = async (): Promise<boolean> => {
      const block = (await ledger.provider.send('eth_getBlockByNumber', ['pending', true])) as {
        transactions: { from: string }[]
      }
      return block.transactions.some(({ from }) => from.toLowerCase() === client.address!.toLowerCase())
    }
    for (let count = 1; count <= 3; count++) {
      // The next block is the last one of the epoch: from the one after it on, the principal may begin the next.
      const isLast = async (): Promise<boolean> => (await devnet.blockNumber()) + 2 === (await nextEpochBlock())
      await mineUntil(devnet, isLast, 3 * testEpochSize)
      const epoch = await ledger.epoch()
      const lastBlock = (await devnet.blockNumber()) + 1
      const sent = client.compute(scAddr, counter.abi, 'next', [])
      await waitFor(isInPool, { what: 'the record in the pool', limitMs: 60_000 })
      await devnet.mine()
      const task = await whileMining(devnet, sent)
      expect(await whileMining(devnet, task.result())).to.equal(BigInt(count))

      const { record, settlement } = await client.getTask(task.taskId)
      expect({ epoch: record.epoch, block: record.recordBlock }).to.deep.equal({ epoch, block: lastBlock })
      expect(settlement?.outcome).to.equal('verified')
      await mineUntil(devnet, async () => (await ledger.epoch()) > epoch, 2 * testEpochSize)
      const next = (await ledger.enigma.getFunction('epochInfo')(epoch + 1)) as { startBlock: bigint }
      expect(record.recordBlock).to.be.lessThan(Number(next.startBlock))
    }
  })

  it('a task given to a worker without a seat reaches those that have one', async () => {
    const { devnet, nextUser } = shared()
    for (let tries = 0; ; tries++) {
      const scAddr = await deploy()
      const seats = await seatsOf(devnet, scAddr, await ledger.epoch())
      const wrong = devnet.workers.find(worker => !seats.includes(worker))
      if (wrong === undefined && tries < 10) continue // every worker has one of the three seats
      expect(wrong, 'a worker without a seat').to.not.equal(undefined)
      const other = await connectAs(devnet, nextUser(), { rpc: [wrong!.httpUrl] })
      const task = await whileMining(devnet, other.compute(scAddr, counter.abi, 'next', []))
      expect(await whileMining(devnet, task.result())).to.equal(1n)
      other.close()
      return
    }
  })

  it('with three nodes, no task is left lying', async () => {
    const { devnet } = shared()
    const contracts: ScAddr[] = []
    for (let i = 0; i < 6; i++) contracts.push(await deploy())
    for (const scAddr of contracts) {
      const task = await whileMining(devnet, client.compute(scAddr, counter.abi, 'next', []))
      expect(await whileMining(devnet, task.result())).to.equal(1n)
      expect(await ledger.endings(task.taskId)).to.deep.equal(['ReceiptVerified'])
    }
  })

  it('the key node serves several contracts: each keeps its own state, across epochs', async () => {
    const { devnet } = shared()
    const contracts = [await deploy(), await deploy(), await deploy()]
    for (let round = 1; round <= 3; round++) {
      for (const [i, scAddr] of contracts.entries()) if (i < round) await next(scAddr)
      const epoch = await ledger.epoch()
      await mineUntil(devnet, async () => (await ledger.epoch()) > epoch, 3 * testEpochSize)
    }
    const counted = []
    for (const scAddr of contracts) counted.push(await next(scAddr))
    expect(counted).to.deep.equal([4n, 3n, 2n])
  })
})
