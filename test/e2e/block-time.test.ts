import { startDevnet, type Devnet } from '@enigma/devnet'
import { expect } from 'chai'
import { TaskFailedError, memoryStorage, type EnigmaClient, type TaskProgress } from 'enigma-js'
import { connectAs, sample } from './support/actors.ts'
import { DevnetChain } from './support/chain-data.ts'
import { Ledger } from './support/ledger.ts'

/** Nothing here mines: the chain makes its blocks by its own clock, whether there are transactions or not. */
describe('e2e: on anvil with a block each second', function () {
  this.timeout(240_000)
  let devnet: Devnet
  let chain: DevnetChain
  let ledger: Ledger
  let client: EnigmaClient
  const artifact = sample('calculator')
  const storage = memoryStorage()
  let scAddr: string
  const stages: string[] = []

  before(async () => {
    devnet = await startDevnet({ chain: 'anvil', epochSize: 12, mining: { mode: 'interval', ms: 1_000 } })
    chain = new DevnetChain(devnet.chainUrl)
    ledger = new Ledger(devnet)
    client = await connectAs(devnet, devnet.accounts.users[0]!, { storage })
  })
  after(async () => {
    client?.close()
    ledger?.close()
    await devnet?.stop()
  })

  const timeOf = async (block: string): Promise<number> => {
    const { timestamp } = await chain.rpc<{ timestamp: string }>('eth_getBlockByNumber', [block, false])
    return Number(timestamp)
  }

  it('deploys, computes, and shows every stage', async () => {
    expect(await chain.rpc<string>('web3_clientVersion')).to.match(/^anvil/)
    const begun = await devnet.blockNumber()
    scAddr = await (await client.deploy(artifact, [])).result()
    const onStage = ({ stage }: TaskProgress): void => void stages.push(stage)
    const task = await client.compute(scAddr, artifact.abi, 'sub', [76n, 17n] as never, { onStage })
    for await (const { stage } of task.events) if (!stages.includes(stage)) stages.push(stage)

    expect(await task.result()).to.equal(59n)
    const all = ['encrypted', 'delivered', 'recorded', 'accepted', 'executing', 'committed', 'verified', 'final']
    expect(stages).to.deep.equal(all)
    // Two tasks of two transactions each: four blocks at least, of which each came a second after the one before.
    const now = await devnet.blockNumber()
    expect(now - begun).to.be.at.least(4)
    for (let block = begun + 2; block <= now; block++) {
      const between = (await timeOf(`0x${block.toString(16)}`)) - (await timeOf(`0x${(block - 1).toString(16)}`))
      expect(between, `before block ${block}`).to.be.at.least(1)
    }
  })

  it('gives the unused fee of a failed task back', async () => {
    const before = await ledger.balance(client.address!)
    const task = await client.compute(scAddr, artifact.abi, 'div', [1n, 0n] as never)
    const error: unknown = await task.result().catch((thrown: unknown) => thrown)

    if (!(error instanceof TaskFailedError) || error.facts.code !== 'TASK_FAILED') throw error
    expect(before - (await ledger.balance(client.address!))).to.equal(error.facts.gasUsed)
  })

  it('computes on in the next epoch, and for a client that was closed in between', async () => {
    const { taskId } = await client.compute(scAddr, artifact.abi, 'mul', [6n, 7n] as never)
    client.close()
    const epoch = await ledger.epoch()
    client = await connectAs(devnet, devnet.accounts.users[0]!, { storage })
    expect(await (await client.task(taskId)).result()).to.equal(42n)
    while ((await ledger.epoch()) === epoch) await new Promise(resolve => setTimeout(resolve, 500))

    expect(await client.contract(scAddr, artifact.abi).call.add!(...([1n, 2n] as never[]))).to.equal(3n)
    expect(await ledger.epoch()).to.be.greaterThan(epoch)
  })

  it('takes two tasks that wait for the same block', async () => {
    const others = await Promise.all([1, 2].map(index => connectAs(devnet, devnet.accounts.users[index]!)))
    try {
      const sums = await Promise.all(
        others.map(async (other, index) =>
          other.contract(scAddr, artifact.abi).call.add!(...([BigInt(index), 5n] as never[]))
        )
      )
      expect(sums).to.deep.equal([5n, 6n])
    } finally {
      for (const other of others) other.close()
    }
  })
})
