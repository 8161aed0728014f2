import { receiptToJson, toHex, type Receipt, type TaskId, type TaskResultResult } from '@enigma/protocol'
import { expect } from 'chai'
import { TaskFailedError, type EnigmaClient, type Task } from '../../src/index.ts'
import { abiBytes } from '../support/decode.ts'
import { refused } from '../support/refused.ts'
import { SC_ADDR, Scene, calculator, someHash, someSecret, type Run } from '../support/scene.ts'

const FIFTY_NINE = abiBytes(['uint256'], [59n])

describe('enigma-js/task/answer', () => {
  let scene: Scene
  let client: EnigmaClient
  let task: Task<bigint>
  let taskId: TaskId
  beforeEach(async () => {
    scene = await Scene.open()
    client = await scene.connect()
    task = await client.compute(SC_ADDR, calculator, 'sub', [76n, 17n])
    taskId = task.taskId
  })
  afterEach(() => scene.close())

  const settle = (alter?: (run: Run) => Partial<TaskResultResult>): void =>
    scene.settle(taskId, { output: FIFTY_NINE }, alter)

  const withReceipt = (full: Receipt, change: Partial<Receipt>): Partial<TaskResultResult> => {
    const altered = { ...full, ...change }
    return { receipt: receiptToJson(altered), signature: scene.sign(altered, scene.holder(SC_ADDR, 0).privateKey) }
  }

  it('decodes the answer that the chain and the key agree with', async () => {
    settle()

    expect(await task.result()).to.equal(59n)
  })

  const attacks: [string, (run: Run) => Partial<TaskResultResult>, string][] = [
    ['signed by a stranger', a => ({ signature: scene.sign(a.full, someSecret('stranger')) }), 'RECEIPT_SIGNER_WRONG'],
    ['with a broken signature', () => ({ signature: '0x1234' }), 'RECEIPT_SIGNER_WRONG'],
    ['with another output', () => ({ result: toHex(new Uint8Array(272)) }), 'OUTPUT_HASH_WRONG'],
    ['with no output', () => ({ result: '0x' }), 'OUTPUT_HASH_WRONG'],
    ['with one bit of the output turned', a => ({ result: flip(a.answer.result) }), 'OUTPUT_HASH_WRONG'],
    [
      'with another output and a receipt that names it',
      a => {
        const other = scene.run(taskId, { output: abiBytes(['uint256'], [60n]) })
        return { ...withReceipt(a.full, { outputHash: other.full.outputHash }), result: other.answer.result }
      },
      'RECEIPT_WRONG'
    ],
    ['for another task', a => withReceipt(a.full, { taskId: someHash('task') as never }), 'RECEIPT_WRONG'],
    ['for another input', a => withReceipt(a.full, { inputHash: someHash('input') }), 'RECEIPT_WRONG'],
    ['for a record in another block', a => withReceipt(a.full, { recordBlock: 5 }), 'RECEIPT_WRONG'],
    ['from another state', a => withReceipt(a.full, { prevHead: someHash('head') }), 'RECEIPT_WRONG'],
    ['that is not a receipt at all', () => ({ receipt: {} as never }), 'RECEIPT_WRONG']
  ]
  for (const [what, alter, code] of attacks) {
    it(`refuses an answer ${what}`, async () => {
      settle(alter)

      expect((await refused(task.result())).code).to.equal(code)
    })
  }

  it('refuses the answer to a task whose key it does not have, where the receipt is signed by nobody of this network', async () => {
    settle(a => ({ signature: scene.sign(a.full, someSecret('stranger')) }))
    const other = await scene.connect()

    const watch = async (): Promise<void> => {
      for await (const _ of other.watchTask(taskId));
    }
    expect((await refused(watch())).code).to.equal('RECEIPT_SIGNER_WRONG')
  })

  it('takes a good answer of another worker when the first one lies', async () => {
    const liar = await Scene.open()
    try {
      liar.server.handlers = { ...scene.server.handlers }
      const network = { enigma: client.enigma, rpc: [liar.server.url, scene.server.url], mode: 'simulation' as const }
      const careful = await scene.connect({ network })
      task = await careful.compute(SC_ADDR, calculator, 'sub', [76n, 17n])
      taskId = task.taskId
      settle()
      liar.server.handlers.getTaskResult = () => ({
        ...(scene.server.handlers.getTaskResult!({ taskId }) as TaskResultResult),
        result: '0xdeadbeef'
      })

      expect(await task.result()).to.equal(59n)
    } finally {
      await liar.close()
    }
  })

  it('says so when no worker hands out the output', async () => {
    settle()
    scene.server.handlers.getTaskResult = () => null

    expect((await refused(task.result())).code).to.equal('RESULT_UNAVAILABLE')
  })

  it('tells the requester of a failed task why, and what came back', async () => {
    scene.settle(taskId, { reason: 6, message: 'division by zero' })

    const error = await refused(task.result())

    expect(error).to.be.instanceOf(TaskFailedError)
    expect(error.facts).to.deep.include({
      code: 'TASK_FAILED',
      reason: 6,
      reasonName: 'revert',
      readable: 'division by zero',
      gasUsed: 40_000_000n,
      refunded: 60_000_000n
    })
    expect(error.message).to.include('division by zero')
  })

  it('says so when the answer was made for another ABI', async () => {
    scene.settle(taskId, { output: new Uint8Array([1, 2, 3]) })

    expect((await refused(task.result())).code).to.equal('ABI_RESULT')
  })
})

/** Turns the last bit. */
const flip = (hex: string): `0x${string}` =>
  `${hex.slice(0, -1)}${(parseInt(hex.at(-1)!, 16) ^ 1).toString(16)}` as `0x${string}`
