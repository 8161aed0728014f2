import { expect } from 'chai'
import { FailureReason } from '@enigma/protocol'
import { FAILURE_REASON } from '../../src/wasm/reasons.ts'

describe('wasm/reasons', () => {
  it('are the numbers that receipts carry', () => {
    const camel = (name: string): string =>
      name.toLowerCase().replace(/_(.)/g, (_, letter: string) => letter.toUpperCase())
    const here = Object.fromEntries(Object.entries(FAILURE_REASON).map(([name, number]) => [camel(name), number]))
    expect({ none: 0, ...here }).to.deep.equal(FailureReason)
  })
})
