import { expect } from 'chai'
import { codeOf } from '@enigma/protocol'
import { dealLocally, runEach } from '../../harness/local-parties.ts'
import { isNegativeOpened } from '../../src/protocols/compare.ts'

describe('mpc/bits: opened comparisons', function () {
  this.timeout(60_000)
  const VALUES = [5n, -1n, 0n, -1000n, 2n ** 20n - 1n, 1n - 2n ** 20n]
  const dealt = dealLocally(VALUES, 3, 1)

  for (const culprit of [0, 1, 2]) {
    it(`are opened after their gates are proved: no bit leaves a node after node ${culprit} sent a wrong one`, async () => {
      const session = `opened ${culprit}`
      /** Operations in order of their first message; the gates' messages of the culprit are counted. */
      const play = async (strike: number): Promise<{ operations: string[]; codes: string[]; gates: number }> => {
        const operations: string[] = []
        let gates = 0
        const results = await runEach(
          {
            session,
            security: 'active',
            timeoutMs: 3_000,
            intercept: ({ from, operation, body }) => {
              if (from !== culprit) operations.push(operation)
              // gates and opened bits are words; masked values and proofs are elements, and coins 64 bytes
              if (from !== culprit || body.length % 24 === 0 || body.length === 64 || operation === last) return body
              if (gates++ !== strike) return body
              const changed = body.slice()
              changed[0]! ^= 1
              return changed
            }
          },
          async party => isNegativeOpened(party, dealt[party.index]!, 20)
        )
        const codes = results.map(result => (result instanceof Error ? codeOf(result) : 'none'))
        if (codes.every(code => code === 'none')) {
          for (const result of results) expect(result).to.deep.equal(VALUES.map(v => v < 0n))
        }
        return { operations, codes, gates }
      }
      let last = ''
      const honest = await play(-1)
      last = honest.operations.at(-1)!
      expect(honest.codes).to.deep.equal(['none', 'none', 'none'])
      expect(honest.operations.filter(each => each === last)).to.have.length(4)
      expect(honest.gates).to.be.above(3)
      for (const strike of [0, 2]) {
        const struck = await play(strike)
        expect(struck.codes.filter((code, i) => i !== culprit && code === 'none')).to.deep.equal([])
        expect(struck.operations, `strike ${strike}: ${struck.codes}`).to.not.include(last)
      }
    })
  }
})
