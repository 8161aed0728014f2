import { expect } from 'chai'
import type { TaskProgress } from 'enigma-js'
import { stagesAfter } from '../src/hooks/stages.ts'

const step = (stage: TaskProgress['stage'], undone?: TaskProgress['stage']): TaskProgress =>
  ({ stage, taskId: null, detail: stage, ...(undone && { undone }) }) // prettier-ignore
const after = (...steps: TaskProgress[]): string =>
  steps
    .reduce<readonly TaskProgress[]>(stagesAfter, [])
    .map(({ stage }) => stage)
    .join(' ')

describe('template-dapp/stages', () => {
  const first = (['encrypted', 'delivered', 'recorded', 'accepted', 'executing', 'committed', 'verified'] as const).map(stage => step(stage)) // prettier-ignore

  it('holds each stage once', () => {
    expect(after(...first, step('recorded'), step('final'))).to.equal(
      'encrypted delivered recorded accepted executing committed verified final'
    )
  })

  it('holds nothing any more that a reorganised chain took back', () => {
    expect(after(...first, step('recorded', 'verified'))).to.equal('encrypted delivered recorded')
    expect(after(...first, step('delivered', 'verified'))).to.equal('encrypted delivered')
    expect(after(step('recorded'), step('verified'), step('delivered', 'verified'))).to.equal('')
  })

  it('holds the stages that come anew', () => {
    const again = [step('accepted'), step('verified'), step('final')]
    expect(after(...first, step('recorded', 'verified'), ...again)).to.equal(
      'encrypted delivered recorded accepted verified final'
    )
  })
})
