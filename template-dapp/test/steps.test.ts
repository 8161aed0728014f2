import { expect } from 'chai'
import type { TaskInspection, TaskProgress } from 'enigma-js'
import { stepsOf, type TaskFacts } from '../src/hooks/steps.ts'

const idle: TaskFacts = { plain: null, stages: [], inspection: null, answer: null, failed: false }
const stages = (...names: TaskProgress['stage'][]): TaskProgress[] =>
  names.map(stage => ({ stage, taskId: null, detail: stage }))
const states = (facts: Partial<TaskFacts>): string =>
  stepsOf({ ...idle, ...facts })
    .map(({ state }) => state)
    .join(' ')

describe('template-dapp/steps', () => {
  it('tells five steps, and none of them before a task has begun', () => {
    expect(states({})).to.equal('waiting waiting waiting waiting waiting')
    expect(stepsOf(idle).every(({ sights }) => sights.length === 0)).to.equal(true)
  })

  const courses: [string, Partial<TaskFacts>, string][] = [
    ['a task that has just begun', { plain: 'f()' }, 'done active waiting waiting waiting'],
    ['an encrypted one', { stages: stages('encrypted') }, 'done done active waiting waiting'],
    ['a delivered one', { stages: stages('encrypted', 'delivered') }, 'done done done active waiting'],
    ['a recorded one', { stages: stages('encrypted', 'delivered', 'recorded') }, 'done done done active waiting'],
    ['an accepted one', { stages: stages('delivered', 'recorded', 'accepted') }, 'done done done done active'],
    ['a committed one', { stages: stages('accepted', 'committed', 'verified') }, 'done done done done active'],
    ['a final one', { stages: stages('verified', 'final') }, 'done done done done done'],
    [
      'one that was declined',
      { plain: 'f()', failed: true, stages: stages('delivered') },
      'done done done failed waiting'
    ],
    [
      'one that failed in the enclave',
      { failed: true, stages: stages('verified', 'failed') },
      'done done done done failed'
    ]
  ]
  for (const [what, facts, wanted] of courses) it(`shows ${what}`, () => expect(states(facts)).to.equal(wanted))

  it('shows plaintext to you and the enclave only', () => {
    const hex = (byte: string) => `0x${byte.repeat(32)}` as never
    const inspection: TaskInspection = {
      taskId: hex('01'),
      kind: 'call',
      scAddr: hex('02'),
      sender: hex('03'),
      epoch: 1,
      input: { inputHash: hex('04'), bytes: 700, sample: hex('05') },
      seats: [hex('06')],
      record: { inputHash: hex('04'), gasLimit: 10n ** 8n, gasPx: 1n } as never,
      settlement: { outcome: 'verified', outputHash: hex('07'), gasUsed: 5n } as never,
      answer: {
        signer: hex('06'),
        prevHead: hex('00'),
        deltaHash: hex('00'),
        outputHash: hex('07'),
        ciphertext: hex('08')
      },
      log: null,
      trace: null
    }
    const steps = stepsOf({
      ...idle,
      plain: 'addMillionaire(0x01, 5)',
      stages: stages('encrypted', 'delivered', 'recorded', 'accepted', 'committed', 'verified', 'final'),
      inspection,
      answer: 'the answer'
    })
    const sights = steps.flatMap(step => step.sights)
    const plain = sights.filter(({ value }) => value.includes('addMillionaire') || value === 'the answer')
    expect(plain.map(({ party, isSecret }) => [party, isSecret])).to.deep.equal([
      ['you', true],
      ['enclave', true],
      ['you', true]
    ])
    const seen = (party: string): string[] => sights.filter(sight => sight.party === party).map(({ label }) => label)
    expect(seen('ethereum')).to.include.members([
      'Input hash',
      'Fee in escrow',
      'Hash of the answer',
      'Paid to the worker'
    ])
    expect(seen('network').join()).to.not.contain('change of state') // a run without writes has none
  })
})
