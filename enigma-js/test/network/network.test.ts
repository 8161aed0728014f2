import { ZERO_HASH } from '@enigma/protocol'
import { expect } from 'chai'
import type { EnigmaClient } from '../../src/index.ts'
import { abiBytes } from '../support/decode.ts'
import { codeOfRefusal } from '../support/refused.ts'
import { SC_ADDR, Scene, calculator, someHash } from '../support/scene.ts'

const STAKE = 25_000n * 10n ** 8n

describe('enigma-js/network', () => {
  let scene: Scene
  let client: EnigmaClient
  beforeEach(async () => {
    scene = await Scene.open()
    client = await scene.connect()
  })
  afterEach(() => scene.close())

  const registers = (index: number): void => {
    const { operator, signer } = scene.enclaves[index]!
    scene.chain.workers.set(operator, { status: 1, stake: STAKE, signer })
    scene.chain.emit('WorkerRegistered', [operator, operator, signer, ZERO_HASH, ZERO_HASH, 1, '0x'])
  }
  const logsIn = (index: number): void => {
    const { operator, signer } = scene.enclaves[index]!
    scene.chain.workers.set(operator, { status: 2, stake: STAKE, signer })
    scene.chain.emit('LoggedIn', [operator, signer, STAKE])
  }

  it('lists workers with stake and login as events come, and what each says of itself', async () => {
    registers(0)
    logsIn(0)
    const login = scene.chain.block
    registers(1)
    const [first, second, ...more] = await client.network.workers()

    expect(more).to.deep.equal([])
    const { operator, signer } = scene.enclaves[0]!
    const onlineSince = { block: login, timeSeconds: 1_700_000_000 }
    expect(first).to.deep.include({ operator, signer, loggedIn: true, stake: STAKE, credit: 0n, onlineSince })
    expect(first!.answer).to.deep.include({ url: scene.server.url, info: scene.info() })
    expect(second).to.deep.include({ operator: scene.enclaves[1]!.operator, loggedIn: false, onlineSince: null })
    expect(second!.answer).to.equal(null) // nobody answers for it at the addresses given

    logsIn(1)
    scene.chain.emit('Unregistered', [operator])
    expect((await client.network.workers()).map(worker => [worker.operator, worker.loggedIn])).to.deep.equal([
      [scene.enclaves[1]!.operator, true]
    ])
  })

  it('tells the epoch, the verified seats of a contract, and balances', async () => {
    const epoch = await client.network.epoch()
    const now = { epoch: 7, block: 100, timeSeconds: 1_700_000_000 }
    expect(epoch).to.deep.equal({ ...now, startBlock: 90, nextEpochBlock: 150, totalStake: 3n * STAKE })

    const seats = await client.network.seats(SC_ADDR)
    const drawn = [0, 1, 2].map(k => scene.holder(SC_ADDR, k))
    expect(seats).to.deep.equal(drawn.map(({ operator, signer }, k) => ({ k, operator, signer, stake: STAKE })))

    expect(await client.network.balance(client.address!)).to.deep.equal({ eth: 10n ** 18n, eng: scene.chain.balance })
    expect(await codeOfRefusal(client.network.balance('0x12'))).to.equal('CLIENT_SETTING')
  })

  it('refuses to show a seat that the chain did not draw', async () => {
    const lie = scene.seats(SC_ADDR)
    scene.server.handlers.getWorkerEncryptionKey = () => ({
      ...lie,
      seats: [lie.seats[0]!, lie.seats[0]!, lie.seats[0]!]
    })
    expect(await codeOfRefusal(client.network.seats(SC_ADDR))).to.equal('SEAT_PROOF_WRONG')
  })

  it('lists receipts newest first, of the last blocks only', async () => {
    const { operator } = scene.enclaves[0]!
    const ids = ['a', 'b', 'c', 'd'].map(someHash)
    scene.chain.emit('ReceiptVerified', [ids[0], SC_ADDR, operator, ZERO_HASH, ids[0], ZERO_HASH, 1, 10, ZERO_HASH])
    scene.chain.emit('ReceiptFailed', [ids[1], SC_ADDR, operator, 6, ids[1], 20, ZERO_HASH])
    scene.chain.emit('ReceiptFailedETH', [ids[2], SC_ADDR, operator, 1, ids[2], 30, ZERO_HASH])
    scene.chain.emit('TaskFeeReturned', [ids[3], scene.chain.sender, 5])
    const shown = async (query: object) =>
      (await client.network.receipts(query)).map(({ taskId, outcome, gasUsed }) => [taskId, outcome, gasUsed])

    expect(await shown({})).to.deep.equal([
      [ids[3], 'returned', null],
      [ids[2], 'callback-failed', 30n],
      [ids[1], 'failed', 20n],
      [ids[0], 'verified', 10n]
    ])
    expect(await shown({ limit: 1 })).to.have.length(1)
    expect(await shown({ blocks: 2 })).to.have.length(2)
  })

  it('shows what each party saw of a task: ciphertext, hash, receipt, never the argument', async () => {
    const task = await client.compute(SC_ADDR, calculator, 'sub', [76n, 17n])
    const open = await client.inspect(task.taskId)
    const delivered = Buffer.from(scene.inputs.at(-1)!)
    expect(open.input).to.deep.equal({
      inputHash: task.inputHash,
      bytes: delivered.length,
      sample: `0x${delivered.subarray(-64).toString('hex')}`
    })
    expect(open).to.deep.include({ kind: 'call', sender: client.address, settlement: null, answer: null })
    expect(open.seats).to.have.members([...new Set([0, 1, 2].map(k => scene.holder(SC_ADDR, k).signer))])

    scene.settle(task.taskId, { output: abiBytes(['uint256'], [59n]) })
    expect(await task.result()).to.equal(59n)
    const over = await client.inspect(task.taskId)
    expect(over.input).to.deep.equal(open.input) // still there when the envelope is forgotten
    expect(over.answer).to.include({ signer: scene.holder(SC_ADDR, 0).signer, deltaHash: ZERO_HASH })
    expect(over.settlement).to.include({ outcome: 'verified', outputHash: over.answer!.outputHash })
    expect(over.answer!.ciphertext).to.match(/^0x([0-9a-f]{2}){256,}$/)

    const stranger = await scene.connect()
    expect(await stranger.inspect(task.taskId)).to.deep.include({ seats: null, settlement: over.settlement })
    expect(await codeOfRefusal(client.inspect(someHash('nothing')))).to.equal('TASK_UNKNOWN')
  })
})
