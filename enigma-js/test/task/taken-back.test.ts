import { expect } from 'chai'
import type { EnigmaClient, Task, TaskProgress } from '../../src/index.ts'
import { abiBytes } from '../support/decode.ts'
import { refused } from '../support/refused.ts'
import { SC_ADDR, Scene, calculator, someHash, type Outcome } from '../support/scene.ts'
import { ENIGMA } from '../support/scripted-chain.ts'

const DEADLINE_BLOCKS = 21

/** R11 at the client: a receipt is taken back, and its record stays. */
describe('enigma-js/task/watch, of a receipt that is taken back', () => {
  let scene: Scene
  let client: EnigmaClient
  let task: Task<bigint>
  beforeEach(async () => (scene = await Scene.open()))
  afterEach(() => scene.close())

  async function send(confirmations: number, resultMs = 200): Promise<void> {
    const network = { enigma: ENIGMA, rpc: scene.server.url, mode: 'simulation' as const, confirmations }
    const timeouts = { pollMs: 10, resultMs, stalledMs: 2_000, transactionMs: 300 }
    client = await scene.connect({ network, timeouts })
    task = await client.compute(SC_ADDR, calculator, 'sub', [76n, 17n])
  }
  const settle = (outcome: Outcome = {}): void =>
    scene.settle(task.taskId, { output: abiBytes(['uint256'], [59n]), ...outcome })

  const told = ({ stage, undone }: TaskProgress): string => (undone === undefined ? stage : `${stage} (not ${undone})`)
  const ONCE = ['encrypted', 'delivered', 'recorded', 'accepted', 'executing', 'committed', 'verified']
  const AGAIN = ['recorded (not verified)', ...ONCE.slice(3)]

  /** Follows the task; `at` is told each step, and which of its kind that is. */
  async function follow(at: Record<string, (step: TaskProgress) => void> = {}): Promise<TaskProgress[]> {
    const steps: TaskProgress[] = []
    for await (const step of task.events) {
      steps.push(step)
      const count = steps.filter(one => told(one) === told(step)).length
      at[`${told(step)} ${count}`]?.(step)
    }
    return steps
  }

  describe('and comes again', () => {
    const cases: [string, () => void, string][] = [
      ['in the same place of another block, and nobody looked meanwhile', () => scene.chain.replaceBlocks(scene.chain.block), 'same'], // prettier-ignore
      [
        'in the same place of another block, after a look at the chain without it',
        () => {
          scene.chain.reorganise(task.taskId)
          scene.chain.block -= 1
          setTimeout(settle, 100)
        },
        'same'
      ],
      [
        'in a later block, and nobody looked meanwhile',
        () => {
          scene.chain.reorganise(task.taskId)
          settle()
        },
        'later'
      ],
      [
        'by the transaction of another seat',
        () => {
          scene.chain.reorganise(task.taskId)
          setTimeout(() => settle({ seat: otherSeat() }), 50)
        },
        'later'
      ],
      [
        'as another one, run on another state by another seat',
        () => {
          scene.chain.reorganise(task.taskId)
          settle({ seat: otherSeat(), prevHead: someHash('another head') })
        },
        'later'
      ]
    ]
    /** The lowest seat whose holder is not that of seat 0. */
    const otherSeat = (): number => {
      const seat = [1, 2].find(k => scene.holder(SC_ADDR, k).signer !== scene.holder(SC_ADDR, 0).signer)
      if (seat === undefined) throw new Error('all seats of the scene are one enclave’s')
      return seat
    }

    for (const [how, takeBack, where] of cases) {
      it(`${how}: tells it once, then verified and final anew`, async () => {
        await send(3)
        settle()
        const first = scene.chain.block
        const steps = await follow({
          'verified 1': takeBack,
          'verified 2': ({ block }) => {
            expect(block).to.equal(where === 'same' ? first : scene.chain.block)
            scene.chain.block += 2
          }
        })

        expect(steps.map(told)).to.deep.equal([...ONCE, ...AGAIN, 'final'])
        expect(steps.find(({ undone }) => undone !== undefined)).to.not.have.property('revealed')
        expect(steps.at(-1)!.block).to.equal(where === 'same' ? first : first + 1)
        expect(await task.result()).to.equal(59n)
      })
    }

    it('counts its confirmations from the block that it came in last', async () => {
      await send(3)
      settle()
      const seen: [string, number][] = []
      await follow({
        'verified 1'() {
          scene.chain.block += 1 // one more, and it would be final
          scene.chain.reorganise(task.taskId)
          settle()
        },
        'verified 2': () => setTimeout(() => (scene.chain.block += 1), 50),
        'final 1': ({ block }) => seen.push(['final', scene.chain.block - block! + 1])
      }).catch(() => undefined) // the chain stands still one block too early

      expect(seen, 'two confirmations of three').to.deep.equal([])
    })
  })

  it('and never comes again: ends as expired, and never calls it final', async () => {
    await send(3)
    settle()
    const steps = await follow({
      'verified 1': () => scene.chain.reorganise(task.taskId),
      'recorded (not verified) 1'() {
        scene.chain.block += DEADLINE_BLOCKS
        scene.chain.giveBack(task.taskId, 100_000_000n)
        scene.chain.block += 2
      }
    })

    expect(steps.map(told)).to.deep.equal([...ONCE, 'recorded (not verified)', 'failed'])
    expect(steps.at(-1)!.error!.facts).to.deep.include({ code: 'TASK_EXPIRED', refunded: 100_000_000n })
  })

  it('ends some blocks after a deadline that no reorganisation can take back any more, if nobody sends the fee back', async () => {
    await send(15)
    settle()
    const deadline = scene.chain.slots(task.taskId).recordBlock + DEADLINE_BLOCKS
    let head = 0
    await follow({
      'verified 1'() {
        scene.chain.reorganise(task.taskId)
        scene.chain.block = deadline + 14
        setTimeout(() => scene.chain.block++, 100)
      },
      'failed 1': () => (head = scene.chain.block)
    })

    expect(head - deadline + 1, 'confirmations of the deadline').to.equal(16)
  })

  it('takes a refund for the end only once it has its confirmations: a reorganisation may put a receipt in its place', async () => {
    await send(3)
    scene.chain.block += DEADLINE_BLOCKS
    scene.chain.giveBack(task.taskId, 100_000_000n)
    setTimeout(() => {
      scene.chain.reorganise(task.taskId)
      settle()
    }, 100)
    const steps = await follow({ 'verified 1': () => (scene.chain.block += 2) })

    expect(steps.map(told)).to.deep.equal([...ONCE, 'final'])
  })

  it('while its answer is asked for: shows no answer, and asks for that of the one that comes after', async () => {
    await send(1, 60_000)
    settle()
    const answer = scene.server.handlers.getTaskResult!
    const given: string[] = []
    scene.server.handlers.getTaskResult = () => {
      scene.chain.reorganise(task.taskId) // the worker has seen it, and has nothing to give
      scene.server.handlers.getTaskResult = () => null
      return null
    }
    const steps = await follow({
      'recorded (not verified) 1': () => settle({ prevHead: someHash('another head') }),
      'final 1': () => given.push('final')
    })

    expect(answer).to.not.equal(scene.server.handlers.getTaskResult)
    expect(steps.map(told)).to.deep.equal([...ONCE, ...AGAIN, 'final'])
    expect(await task.result()).to.equal(59n)
  })

  it('while its answer comes: does not show it', async () => {
    await send(1)
    settle()
    const answer = scene.server.handlers.getTaskResult!
    scene.server.handlers.getTaskResult = question => {
      scene.chain.reorganise(task.taskId) // behind the worker's back
      scene.server.handlers.getTaskResult = () => null
      return answer(question)
    }
    const steps = await follow({ 'recorded (not verified) 1': () => settle() })

    expect(steps.map(told)).to.deep.equal([...ONCE, ...AGAIN, 'final'])
  })

  it('between two questions of one look: the head of one chain is no confirmation of a receipt of the other', async () => {
    await send(3)
    settle()
    const ask = scene.chain.request.bind(scene.chain)
    let armed = false
    scene.chain.request = async question => {
      if (!armed || question.method !== 'eth_blockNumber') return ask(question)
      armed = false
      await new Promise(wake => setTimeout(wake, 50)) // the other questions have their answers: the receipt is there
      scene.chain.reorganise(task.taskId)
      scene.chain.block += 5 // as deep as it would have to be
      return ask(question)
    }
    const steps = await follow({
      'verified 1': () => (armed = true),
      'recorded (not verified) 1': () => settle(),
      'verified 2': () => (scene.chain.block += 2)
    })

    expect(steps.map(told)).to.deep.equal([...ONCE, ...AGAIN, 'final'])
  })

  it('and the worker has not seen it yet: its answer to the old receipt is no lie', async () => {
    await send(3, 5_000)
    settle()
    const old = scene.server.handlers.getTaskResult!
    const steps = await follow({
      'verified 1': () => scene.chain.reorganise(task.taskId),
      'recorded (not verified) 1'() {
        settle({ prevHead: someHash('another head') })
        const answer = scene.server.handlers.getTaskResult!
        let asked = 0
        scene.server.handlers.getTaskResult = question => (asked++ < 2 ? old : answer)(question)
      },
      'verified 2': () => (scene.chain.block += 2)
    })

    expect(steps.map(told)).to.deep.equal([...ONCE, ...AGAIN, 'final'])
  })

  it('with its record, for good: the watch ends when a transaction would have had its time', async () => {
    await send(3)
    settle()
    const steps: string[] = []
    let growing: NodeJS.Timeout | undefined
    const error = await refused(
      (async () => {
        for await (const step of task.events) {
          steps.push(told(step))
          if (step.stage === 'verified') scene.chain.forget(task.taskId)
          if (step.undone !== undefined) growing = setInterval(() => scene.chain.block++, 20) // the chain does not stand still
        }
      })()
    )

    clearInterval(growing)
    expect(steps).to.deep.equal([...ONCE, 'delivered (not verified)'])
    expect(error.code).to.equal('TASK_UNKNOWN')
  })
})
