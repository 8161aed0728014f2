import { expect } from 'chai'
import { seeded } from '../../harness/attack.ts'
import { runEach } from '../../harness/local-parties.ts'
import { whoSays } from '../../src/protocols/agree.ts'

const SEED = Number(process.env.MPC_SEED ?? Math.floor(Math.random() * 2 ** 31))

describe(`mpc/agree (MPC_SEED=${SEED})`, () => {
  for (const [n, t] of [
    [4, 1],
    [7, 2]
  ] as const) {
    it(`gives all honest nodes one answer, and honest nodes their own word, whatever ${t} of ${n} say to whom`, async () => {
      const random = seeded(SEED)
      for (let tries = 0; tries < 40; tries++) {
        const corrupt = new Set<number>()
        while (corrupt.size < t) corrupt.add(Math.floor(random() * n))
        const bits = Array.from({ length: n }, () => random() < 0.4)
        const results = await runEach(
          {
            n,
            t,
            security: 'active',
            intercept: ({ from, body }) => (corrupt.has(from) ? body.map(() => Math.floor(random() * 2.2)) : body)
          },
          party => whoSays(party, bits[party.index]!)
        )
        const honest = results.filter((_, i) => !corrupt.has(i)) as number[][]
        for (const answer of honest) {
          expect(answer).to.deep.equal(honest[0])
          for (let i = 0; i < n; i++) if (!corrupt.has(i)) expect(answer.includes(i)).to.equal(bits[i])
        }
      }
    })
  }
})
