import { expect } from 'chai'
import { conversations } from '../../harness/catalogue/conversations.ts'
import { operations } from '../../harness/catalogue/index.ts'
import { unsaid } from '../../harness/catalogue/statements.ts'
import { targets } from '../../harness/catalogue/targets.ts'
import * as numbers from '../../src/numbers/index.ts'
import { PARTS } from './parts.ts'

describe('mpc/catalogue', () => {
  it('has every function in which nodes talk to each other', async () => {
    const names = targets.map(({ name }) => name.split(' ')[0])
    const missing = (await conversations())
      .map(({ name }) => name)
      .filter(name => !names.includes(name) && !(name in PARTS))
    expect(missing).to.deep.equal([])
  })

  it('finds the functions it is meant to find', async () => {
    const found = (await conversations()).map(({ name }) => name)
    for (const name of [
      'protocols/multiply.mul',
      'numbers/compare.lt',
      'numbers/compare.gte',
      'numbers/compare.argmin',
      'numbers/divide.reciprocal',
      'protocols/masked.parallel',
      'session/keys.agreeOnKeys',
      'maintenance/refresh.refresh',
      'numbers/order.quantile'
    ])
      expect(found).to.include(name)
    expect(found.length).to.be.above(60)
    for (const part of Object.keys(PARTS)) expect(found, 'an exemption for nothing').to.include(part)
  })

  it('finds in each docstring shapes, rounds and bytes, security, a source and, for numbers, the error', async () => {
    const all = await conversations()
    const silent = all
      .filter(({ name }) => !(name in PARTS))
      .map(each => ({ name: each.name, missing: unsaid(each, all) }))
      .filter(({ missing }) => missing.length > 0)
    expect(silent).to.deep.equal([])
  })

  it('sees what a docstring leaves out, also where it points elsewhere', async () => {
    const all = await conversations()
    const lt = all.find(({ name }) => name === 'numbers/compare.lt')!
    const gt = all.find(({ name }) => name === 'numbers/compare.gt')!
    const less = { ...lt, comment: lt.comment.replace('- Accuracy', '- Nothing') }
    const others = all.map(each => (each === lt ? less : each))
    expect(unsaid(less, others)).to.deep.equal(['accuracy'])
    expect(unsaid(gt, others)).to.deep.equal(['accuracy'])
    expect(unsaid({ ...gt, comment: '/** Larger. */' }, all)).to.deep.equal([
      'shapes',
      'cost',
      'security',
      'source',
      'accuracy'
    ])
  })

  it('has every operation on numbers that the package offers', () => {
    const plain = ['secret', 'uncheckedSecret', 'reshape', 'range', 'pick', 'transpose', 'stack', 'element']
    const offered = Object.keys(numbers).filter(name => !plain.includes(name))
    const names = operations.map(({ name }) => name.split(' ')[0]!.split('.').at(-1))
    expect(offered.filter(name => !names.includes(name))).to.deep.equal([])
  })
})
