import { signDigest, toHex, typedDigest, type TaskEvent, type TaskId } from '@enigma/protocol'
import { expect } from 'chai'
import type { EnigmaClient, Task, TaskProgress } from '../../src/index.ts'
import { abiBytes } from '../support/decode.ts'
import { refused } from '../support/refused.ts'
import { SC_ADDR, Scene, calculator, someHash, someSecret } from '../support/scene.ts'
import { CHAIN_ID, ENIGMA } from '../support/scripted-chain.ts'

describe('enigma-js/task/watch', () => {
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

  const settle = (): void => scene.settle(taskId, { output: abiBytes(['uint256'], [59n]) })

  async function stages(from: AsyncIterable<TaskProgress>, each?: (p: TaskProgress) => void): Promise<string[]> {
    const seen: string[] = []
    for await (const progress of from) {
      seen.push(progress.stage)
      each?.(progress)
    }
    return seen
  }

  const accepted = (privateKey: Uint8Array, signer: string): TaskEvent => {
    const { recordBlock } = scene.chain.slots(taskId)
    const message = { taskId, inputHash: task.inputHash, recordBlock }
    const digest = typedDigest({ chainId: CHAIN_ID, enigma: ENIGMA }, 'TaskAccepted', message)
    return { stage: 'accepted', signer: signer as never, signature: toHex(signDigest(digest, privateKey)) }
  }
  const tell = (...events: TaskEvent[]): void =>
    void (scene.server.handlers.getTaskStatus = () => ({ taskId, status: 'INPROGRESS', chainStatus: 1, events }))

  it('goes through all stages in order, each once', async () => {
    const { privateKey, signer } = scene.holder(SC_ADDR, 0)
    tell(accepted(privateKey, signer), { stage: 'executing' }, { stage: 'executing' })

    const seen = await stages(task.events, ({ stage }) => void (stage === 'executing' && settle()))

    expect(seen).to.deep.equal([
      'encrypted',
      'delivered',
      'recorded',
      'accepted',
      'executing',
      'committed',
      'verified',
      'final'
    ])
  })

  it('does not believe an acceptance that no seat signed, nor an execution without one', async () => {
    tell(accepted(someSecret('stranger'), scene.holder(SC_ADDR, 0).signer), { stage: 'executing' })
    let settled = false
    const late: boolean[] = []

    await stages(task.events, ({ stage, signer }) => {
      if (stage === 'recorded') {
        setTimeout(() => {
          settled = true
          settle()
        }, 300) // many polls, in each of which the forged word is heard
      }
      if (stage === 'accepted') expect(signer).to.equal(undefined)
      if (stage === 'accepted' || stage === 'executing') late.push(settled)
    })

    expect(late, 'only the receipt shows both').to.deep.equal([true, true])
  })

  describe('on a chain that is reorganised', () => {
    const told = ({ stage, undone }: TaskProgress): string =>
      undone === undefined ? stage : `${stage} (not ${undone})`

    async function watched(each: (progress: TaskProgress) => void): Promise<string[]> {
      client = await scene.connect({
        network: { enigma: ENIGMA, rpc: scene.server.url, mode: 'simulation', confirmations: 3 }
      })
      task = await client.compute(SC_ADDR, calculator, 'sub', [76n, 17n])
      taskId = task.taskId
      const seen: string[] = []
      settle()
      for await (const progress of task.events) {
        seen.push(told(progress))
        each(progress)
      }
      return seen
    }
    const FIRST = ['encrypted', 'delivered', 'recorded', 'accepted', 'executing', 'committed', 'verified']

    it('tells that a receipt was taken back, and the stages after it anew', async () => {
      let verified = 0
      const seen = await watched(({ stage, undone }) => {
        if (stage === 'verified' && verified++ === 0) scene.chain.reorganise(taskId)
        if (undone === 'verified') settle()
        if (stage === 'verified' && verified === 2) scene.chain.block += 2
      })
      const again = ['recorded (not verified)', 'accepted', 'executing', 'committed', 'verified', 'final']
      expect(seen).to.deep.equal([...FIRST, ...again])
      expect(await task.result()).to.equal(59n)
    })

    it('tells a later watch that an answer was shown which the chain has taken back since', async () => {
      await watched(({ stage }) => {
        if (stage === 'verified') scene.chain.block += 2
      })
      const later = async (each: (progress: TaskProgress) => void = () => undefined): Promise<[string, boolean][]> => {
        const seen: [string, boolean][] = []
        for await (const progress of client.watchTask(taskId)) {
          seen.push([told(progress), progress.revealed ?? false])
          each(progress)
        }
        return seen
      }
      const whole = [...FIRST, 'final'].map(stage => [stage, false])
      expect(await later(), 'nothing has happened').to.deep.equal(whole)

      scene.chain.reorganise(taskId)
      const seen = await later(({ stage, undone }) => {
        if (undone !== undefined) settle()
        if (stage === 'verified') scene.chain.block += 2
      })
      expect(seen.map(([stage]) => stage)).to.deep.equal([
        'encrypted',
        'delivered',
        'recorded',
        'recorded (not final)',
        'accepted',
        'executing',
        'committed',
        'verified',
        'final'
      ])
      expect(seen.filter(([, revealed]) => revealed).map(([stage]) => stage)).to.deep.equal(['recorded (not final)'])
      expect(
        (await later()).map(([stage]) => stage),
        'told once'
      ).to.deep.equal([...FIRST, 'final'])

      scene.chain.reorganise(taskId, scene.chain.block + 1)
      scene.chain.block += 1
      settle()
      scene.chain.block += 2
      const moved = await later()
      expect(moved.slice(0, 4)).to.deep.equal([
        ['encrypted', false],
        ['delivered', false],
        ['delivered (not final)', true],
        ['recorded', false]
      ])
      expect(moved.at(-1)).to.deep.equal(['final', false])
    })

    it('tells a later watch so at once while the chain has no record at all, and waits for it', async () => {
      await watched(({ stage }) => {
        if (stage === 'verified') scene.chain.block += 2
      })
      const recordAgain = scene.chain.forget(taskId)
      const seen: [string, boolean][] = []
      for await (const progress of client.watchTask(taskId)) {
        seen.push([told(progress), progress.revealed ?? false])
        if (progress.undone !== undefined) recordAgain()
        if (progress.stage === 'recorded') settle()
        if (progress.stage === 'verified') scene.chain.block += 2
      }
      expect(seen).to.deep.equal([
        ['encrypted', false],
        ['delivered', false],
        ['delivered (not final)', true],
        ...[...FIRST.slice(2), 'final'].map(stage => [stage, false])
      ])
    })

    it('tells that a record was moved, with all that followed', async () => {
      let verified = 0
      const seen = await watched(({ stage, undone }) => {
        if (stage === 'verified' && verified++ === 0) scene.chain.reorganise(taskId, scene.chain.block + 1)
        if (undone === 'verified') {
          scene.chain.block += 1
          settle()
        }
        if (stage === 'verified' && verified === 2) scene.chain.block += 2
      })
      const again = ['delivered (not verified)', 'recorded', 'accepted', 'executing', 'committed', 'verified', 'final']
      expect(seen).to.deep.equal([...FIRST, ...again])
    })
  })

  it('fills in what a receipt shows when the word of it was slower than the block', async () => {
    settle()

    const seen = await stages(task.events)

    expect(seen).to.deep.equal([
      'encrypted',
      'delivered',
      'recorded',
      'accepted',
      'executing',
      'committed',
      'verified',
      'final'
    ])
  })

  it('does not believe a worker that says the task is over', async () => {
    const { privateKey, signer } = scene.holder(SC_ADDR, 0)
    tell({ stage: 'final' }, { stage: 'failed' }, accepted(privateKey, signer), { stage: 'executing' })
    let settled = false

    const seen = await stages(task.events, ({ stage }) => {
      if (stage === 'executing') settle()
      settled ||= stage === 'executing'
      if (stage === 'final') expect(settled).to.equal(true)
    })

    expect(seen.at(-1)).to.equal('final')
  })

  it('waits for the confirmations that were asked for', async () => {
    const network = { enigma: ENIGMA, rpc: scene.server.url, mode: 'simulation' as const, confirmations: 3 }
    const careful = await scene.connect({ network })
    settle()
    const at = scene.chain.block
    const seen: [string, number][] = []

    for await (const { stage } of careful.watchTask(taskId)) {
      seen.push([stage, scene.chain.block])
      if (stage === 'verified') setTimeout(() => (scene.chain.block += 2), 50)
    }

    expect(seen.slice(-2)).to.deep.equal([
      ['verified', at],
      ['final', at + 2]
    ])
  })

  it('ends in failed when the fee went back, and says how much', async () => {
    scene.chain.block += 25
    scene.chain.giveBack(taskId, 100_000_000n)

    const error = await refused(task.result())

    expect(error.facts).to.deep.include({ code: 'TASK_EXPIRED', refunded: 100_000_000n })
  })

  it('ends in failed some blocks after the deadline even if nobody sent the fee back', async () => {
    scene.chain.block = scene.chain.slots(taskId).recordBlock + 21 + 10
    setTimeout(() => scene.chain.block++, 50)

    const error = await refused(task.result())

    expect(error.facts).to.deep.include({ code: 'TASK_EXPIRED', refunded: null })
    expect(error.hint).to.include('refund')
    expect(scene.chain.block).to.equal(scene.chain.slots(taskId).recordBlock + 32)
  })

  it('does not wait for a chain that stands still for ever', async () => {
    const hasty = await scene.connect({ timeouts: { pollMs: 10, stalledMs: 100 } })

    expect((await refused(stages(hasty.watchTask(taskId)))).code).to.equal('CHAIN_STALLED')
  })

  it('knows no task that nobody recorded', async () => {
    expect((await refused(stages(client.watchTask(someHash('task'))))).code).to.equal('TASK_UNKNOWN')
    expect((await refused(stages(client.watchTask(someHash('task').slice(0, 30))))).code).to.equal('TASK_UNKNOWN')
  })

  it("stops with its signal's reason", async () => {
    const stop = new AbortController()
    setTimeout(() => stop.abort(new Error('enough')), 50)

    const error = await task.result({ signal: stop.signal }).catch((reason: unknown) => reason)

    expect((error as Error).message).to.equal('enough')
  })

  it('reports the state of a task as the chain has it', async () => {
    const open = await client.getTask(taskId)
    expect(open).to.deep.include({ status: 1, settlement: null, deadline: open.record.recordBlock + 21 })
    expect(open.record).to.deep.include({ scAddr: SC_ADDR, gasLimit: 100_000_000n, gasPx: 1n, epoch: 7 })

    settle()
    const { settlement } = await client.getTask(taskId)
    expect(settlement).to.deep.include({ outcome: 'verified', gasUsed: 40_000_000n })
  })

  it('asks for no refund before the deadline, nor for a settled task', async () => {
    expect((await refused(client.refund(taskId))).code).to.equal('TASK_NOT_EXPIRED')
    settle()
    expect((await refused(client.refund(taskId))).code).to.equal('TASK_SETTLED')
  })

  it('names the refund that was made already', async () => {
    scene.chain.giveBack(taskId, 100_000_000n)

    expect((await client.refund(taskId)).amount).to.equal(100_000_000n)
  })
})
