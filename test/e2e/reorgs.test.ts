import { expect } from 'chai'
import { Transaction } from 'ethers'
import { startDevnet, type Devnet } from '@enigma/devnet'
import type { ScAddr } from '@enigma/protocol'
import { callWorker, type EnigmaClient } from 'enigma-js'
import { connectAs, sample } from './support/actors.ts'
import { Ledger } from './support/ledger.ts'
import { mineUntil, whileMining } from './support/mining.ts'

/** Blocks are taken back by the chain's own node; what its transactions do afterwards is what the pools of real nodes do with them. */
describe('e2e: a chain that is reorganised, with 24 confirmations', function () {
  this.timeout(240_000)
  const artifact = sample('millionaires')
  let devnet: Devnet
  let ledger: Ledger
  let client: EnigmaClient
  let scAddr: ScAddr
  let richest = 0

  before(async () => {
    devnet = await startDevnet({ workers: 1, confirmations: 24, epochSize: 40, mining: { mode: 'manual' } })
    ledger = new Ledger(devnet)
    client = await connectAs(devnet, devnet.accounts.users[0]!)
    const deployed = client.deploy(artifact, []).then(task => task.result())
    scAddr = await whileMining(devnet, deployed, 100)
  })
  after(async () => {
    client?.close()
    ledger?.close()
    await devnet?.stop()
  })
  afterEach(function () {
    if (this.currentTest?.state !== 'failed') return
    for (const { name } of devnet.processes()) console.error(devnet.logs(name).slice(-25).join('\n'))
  })

  /** The signed transactions of a sender in these blocks, in order. */
  async function signedBy(sender: string, from: number, to: number): Promise<string[]> {
    const found: string[] = []
    for (let number = from; number <= to; number++) {
      const block = (await ledger.provider.getBlock(number, true))!
      for (const tx of block.prefetchedTransactions) {
        if (tx.from.toLowerCase() === sender.toLowerCase()) found.push(Transaction.from(tx).serialized)
      }
    }
    return found
  }
  const resultOf = (taskId: string): Promise<unknown> =>
    callWorker(devnet.workers[0]!.httpUrl, 'getTaskResult', { taskId: taskId as never })

  for (const depth of [3, 12, 20]) {
    it(`undoes ${depth} blocks: the task is run and settled again, and nothing came out before`, async () => {
      const snapshot = (await ledger.provider.send('evm_snapshot', [])) as string
      const start = await devnet.blockNumber()
      richest += 1
      const who = `0x${richest.toString(16).padStart(40, '0')}`
      const task = await whileMining(
        devnet,
        client.compute(scAddr, artifact.abi, 'addMillionaire', [who, BigInt(richest)]),
        100
      )
      await mineUntil(devnet, async () => (await ledger.endings(task.taskId)).length === 1, 20, 100)
      while ((await devnet.blockNumber()) < start + depth) await devnet.mine()
      expect(await resultOf(task.taskId), 'not released').to.equal(null)

      const lost = await signedBy(client.address!, start + 1, await devnet.blockNumber())
      expect(lost).to.have.lengthOf(1)
      await ledger.provider.send('evm_revert', [snapshot])
      expect(await ledger.endings(task.taskId)).to.deep.equal([])
      await devnet.mine() // another chain: its record comes a block later than before
      await devnet.mine()
      for (const raw of lost) await ledger.provider.send('eth_sendRawTransaction', [raw])

      await whileMining(devnet, task.result(), 100)
      expect(await ledger.endings(task.taskId)).to.deep.equal(['ReceiptVerified'])
      const asked = client.compute(scAddr, artifact.abi, 'computeRichest', []).then(one => one.result())
      expect(await whileMining(devnet, asked, 100)).to.equal(who)
    })
  }
})
