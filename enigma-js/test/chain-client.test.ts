import { expect } from 'chai'
import { ZERO_HASH, type Address } from '@enigma/protocol'
import { createChainClient, type ChainClient, type EnigmaClient } from '../src/index.ts'
import { codeOfRefusal } from './support/refused.ts'
import { SC_ADDR, Scene, calculator, someHash } from './support/scene.ts'
import { ENIGMA } from './support/scripted-chain.ts'

describe('enigma-js/chain-client: no worker is up', () => {
  let scene: Scene
  let client: EnigmaClient
  let alone: ChainClient

  beforeEach(async () => {
    scene = await Scene.open()
    client = await scene.connect()
  })
  afterEach(async () => {
    alone?.close()
    await scene.close()
  })

  async function withoutWorkers(): Promise<ChainClient> {
    scene.server.handlers = {}
    const asked = scene.server.calls.length
    alone = await createChainClient({ provider: scene.chain, network: { enigma: ENIGMA, mode: 'simulation' } })
    return new Proxy(alone, {
      get: (target, name: keyof ChainClient) => {
        expect(scene.server.calls.length, 'no worker was asked').to.equal(asked)
        return target[name]
      }
    })
  }

  it('tells of a task and gets its fee back', async () => {
    const { taskId } = await client.compute(SC_ADDR, calculator, 'sub', [76n, 17n])
    const chain = await withoutWorkers()
    expect((await chain.getTask(taskId)).settlement).to.equal(null)
    expect(await codeOfRefusal(chain.refund(taskId))).to.equal('TASK_NOT_EXPIRED')
    scene.chain.giveBack(taskId, 100_000_000n)
    expect((await chain.refund(taskId)).amount).to.equal(100_000_000n)
    expect(await codeOfRefusal(chain.refund(someHash('no task')))).to.equal('TASK_UNKNOWN')
  })

  it('ranks workers by what they earned, with stake, receipts and uptime from events', async () => {
    const [alice, bob] = scene.enclaves.map(({ operator }) => operator) as [Address, Address]
    const { chain } = scene
    chain.block = 0
    chain.emit('AttestationModeFixed', [ZERO_HASH, ENIGMA])
    for (const { operator, signer } of scene.enclaves.slice(0, 2)) {
      chain.workers.set(operator, { status: 2, stake: operator === alice ? 75_000n : 25_000n, signer })
      chain.emit('WorkerRegistered', [operator, operator, signer, ZERO_HASH, ZERO_HASH, 1, '0x'])
    }
    chain.emit('LoggedIn', [alice, scene.enclaves[0]!.signer, 75_000n]) // in block 4
    chain.emit('LoggedIn', [bob, scene.enclaves[1]!.signer, 25_000n])
    const receipt = (name: string, operator: Address): void =>
      chain.emit(
        name,
        name === 'ReceiptVerified'
          ? [someHash('task'), SC_ADDR, operator, ZERO_HASH, ZERO_HASH, ZERO_HASH, 1, 40n, ZERO_HASH]
          : [someHash('task'), SC_ADDR, operator, 3, ZERO_HASH, 40n, ZERO_HASH]
      )
    receipt('ReceiptVerified', bob)
    receipt('ReceiptFailed', bob)
    receipt('ReceiptFailedETH', alice)
    chain.emit('CreditClaimed', [bob, bob, 700n])
    chain.emit('CreditCompounded', [bob, 50n, 25_050n])
    chain.emit('LoggedOut', [bob, bob, 99n]) // in block 11, after 6 of its 9 blocks
    chain.workers.get(bob)!.status = 1
    const ranking = await (await withoutWorkers()).standings()
    expect(ranking.map(({ rank, operator }) => [rank, operator])).to.deep.equal([
      [1, bob],
      [2, alice]
    ])
    const [first, second] = ranking as [(typeof ranking)[0], (typeof ranking)[0]]
    expect(first).to.include({ earned: 750n, receipts: 2, failedReceipts: 1, loggedIn: false, stakeShare: 0 })
    expect(second).to.include({ earned: 0n, receipts: 1, failedReceipts: 1, loggedIn: true, stakeShare: 1 })
    expect(first.uptime).to.equal(6 / 9)
    expect(second.uptime).to.equal(8 / 10)
  })
  it('ranks all workers, also more than a page shows, and counts the blocks of each time that one was logged in', async () => {
    const { chain } = scene
    chain.block = 0
    chain.emit('AttestationModeFixed', [ZERO_HASH, ENIGMA]) // in block 1
    const operators = Array.from({ length: 230 }, (_, i) => `0x${(i + 1).toString(16).padStart(40, '0')}` as Address)
    for (const [i, operator] of operators.entries()) {
      chain.workers.set(operator, { status: 1, stake: BigInt(i), signer: operator })
      chain.emit('WorkerRegistered', [operator, operator, operator, ZERO_HASH, ZERO_HASH, 1, '0x'])
    }
    const last = operators.at(-1)! // registered in block 231
    chain.emit('LoggedIn', [last, last, 229n]) // 232
    chain.emit('LoggedOut', [last, last, 999n]) // 233, after 1 block
    chain.emit('LoggedIn', [last, last, 229n]) // 234
    chain.emit('CreditClaimed', [last, last, 5n]) // 235
    chain.emit('LoggedOut', [last, last, 999n]) // 236, after 2 blocks
    chain.emit('LoggedIn', [last, last, 229n]) // 237, the head: 1 block
    chain.workers.get(last)!.status = 2
    const ranking = await (await withoutWorkers()).standings()
    expect(ranking).to.have.lengthOf(230)
    expect(ranking[0]).to.include({ rank: 1, operator: last, earned: 5n, uptime: 4 / 7 })
    expect(ranking.slice(1).map(({ stake }) => stake)).to.deep.equal(
      Array.from({ length: 229 }, (_, i) => BigInt(228 - i))
    )
  })
})
