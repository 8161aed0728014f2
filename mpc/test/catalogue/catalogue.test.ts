import { expect } from 'chai'
import { conversations } from '../../harness/catalogue/conversations.ts'
import { operations } from '../../harness/catalogue/index.ts'
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

  it('has every operation on numbers that the package offers', () => {
    const plain = ['secret', 'reshape', 'range', 'pick', 'transpose', 'stack', 'element']
    const offered = Object.keys(numbers).filter(name => !plain.includes(name))
    const names = operations.map(({ name }) => name.split(' ')[0]!.split('.').at(-1))
    expect(offered.filter(name => !names.includes(name))).to.deep.equal([])
  })
})
