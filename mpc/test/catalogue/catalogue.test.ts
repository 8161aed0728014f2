import { expect } from 'chai'
import { conversations } from '../../harness/catalogue/conversations.ts'
import { operations } from '../../harness/catalogue/index.ts'
import { targets } from '../../harness/catalogue/targets.ts'
import * as numbers from '../../src/numbers/index.ts'

/** Conversations without an entry of their own, each with the reason. */
const PARTS: Readonly<Record<string, string>> = {
  'protocols/blame.investigate': 'runs after a failure only: test/blame plays each way to cheat in it',
  'protocols/inner-product.reduceClaims': 'the inside of verifyProducts',
  'protocols/verify.verifyProducts': 'runs at the end of every entry in active mode',
  'protocols/open.exchangeRows': 'the exchange inside openChecked, which judges it',
  'protocols/open.openTrusting': 'passive mode only',
  'protocols/reshare.reshare': 'the inside of multiply.reduceProduct',
  'protocols/reshare.reshareInParts': 'the inside of multiply.reduceProduct',
  'protocols/reshare.dealFrom': 'the inside of random-bits.randomSigns and of resharing',
  'protocols/compare.inBlocks': 'a loop over blocks',
  'protocols/open-chunks.openTrustingInChunks': 'passive mode only',
  'bits/compare.isNegativeReplicated': 'compare.isNegative of three nodes',
  'bits/convert.signsOf': 'the inside of isNegativeReplicated',
  'bits/replicated.and': 'the inside of isNegativeReplicated',
  'bits/replicated.majority': 'the inside of isNegativeReplicated',
  'bits/replicated.openBits': 'the inside of isNegativeReplicated',
  'bits/replicated.openWithAnd': 'passive mode only',
  'bits/gate-proof.proveGates': 'the inside of verifyProducts; test/bits changes each of its messages',
  'pool/fill.fillPool': 'with reserveStock in one entry',
  'maintenance/hand-over.giveShares': 'with takeShares in one entry',
  'maintenance/hand-over.takeShares': 'with giveShares in one entry',
  'numbers/divide.normalRoots': 'the inside of sqrt, inverseSqrt and correlation',
  'numbers/normalise.normalise': 'the inside of division and roots'
}

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
