import { expect } from 'chai'
import { randomInt } from 'node:crypto'
import { runParties } from '../../harness/local-parties.ts'
import { gateSoundnessBits, proveGates } from '../../src/bits/gate-proof.ts'
import type { GateClaims } from '../../src/bits/claims.ts'
import { Gates, openBits, randomShared } from '../../src/bits/replicated.ts'
import type { Party } from '../../src/session/party.ts'

/** Layers of random gates of these many words, and all claims of them. */
async function gates(
  party: Party,
  layers: readonly (readonly [words: number, lanes: number])[]
): Promise<GateClaims[]> {
  const op = party.operation('test')
  let number = 0
  for (const [words, lanes] of layers) {
    const [x, y] = [0, 1].map(i => randomShared(op, words, `operand ${number}/${i}`))
    const gates = new Gates(op, lanes)
    await gates.and(x!, y!)
    await gates.majority(x!)
    number++
  }
  return op.ledger.takeGates()
}

const flip = (words: Uint32Array, word: number, bit: number): Uint32Array<ArrayBuffer> => {
  const out = Uint32Array.from(words)
  out[word] = out[word]! ^ (1 << bit)
  return out
}

describe('mpc/bits/gate-proof', function () {
  this.timeout(30_000)

  it('computes AND and majority of shared bits', async () => {
    const { results } = await runParties({ security: 'active' }, async party => {
      const op = party.operation('test')
      const [x, y] = [randomShared(op, 50, 'x'), randomShared(op, 50, 'y')]
      // of the majority the operands are the components themselves
      const gates = new Gates(op)
      const both = [await openBits(op, await gates.and(x, y)), await openBits(op, await gates.majority(x))]
      return { x: await openBits(op, x), y: await openBits(op, y), both, first: x.first, second: x.second }
    })
    const { x, y, both } = results[0]!
    expect([...both[0]!]).to.deep.equal(Array.from(x, (v, i) => (v & y[i]!) >>> 0))
    const [c1, c2, c0] = [results[0]!.first, results[0]!.second, results[1]!.second]
    expect([...both[1]!]).to.deep.equal(
      Array.from(c0, (v, i) => ((v & c1[i]!) | (v & c2[i]!) | (c1[i]! & c2[i]!)) >>> 0)
    )
  })

  for (const [name, layers] of [
    ['one gate', [[1, 1]]],
    ['a few numbers in many layers', Array.from({ length: 20 }, (_, i) => [i + 1, 3] as const)],
    [
      'whole words',
      [
        [100, 32],
        [7, 32]
      ]
    ],
    ['more than one segment', [[17_000, 32]]]
  ] as const) {
    it(`accepts right gates: ${name}`, async () => {
      await runParties({ security: 'active' }, async party => proveGates(party, await gates(party, layers)))
    })

    it(`refuses a single wrong one at every party, whoever made it: ${name}`, async () => {
      for (let culprit = 0; culprit < 3; culprit++) {
        const [victim, seed] = [(culprit + 1) % 3, randomInt(2 ** 30)]
        const failures: unknown[] = []
        await runParties({ security: 'active', timeoutMs: 10_000 }, async party => {
          const claims = await gates(party, layers)
          const place = seed % claims.length
          const { previous, own, lanes } = claims[place]!
          const [word, bit] = [seed % own.e1.length, seed % lanes]
          // as if the culprit had sent its neighbour a flipped bit: both know it then
          if (party.index === victim) {
            claims[place] = { ...claims[place]!, previous: { ...previous, e1: flip(previous.e1, word, bit) } }
          }
          if (party.index === culprit) {
            claims[place] = { ...claims[place]!, own: { ...own, e1: flip(own.e1, word, bit) } }
          }
          await proveGates(party, claims).catch((error: unknown) => failures.push(error))
        })
        expect(
          failures.map(error => (error as { code?: string }).code),
          `seed ${seed}`
        ).to.deep.equal(Array(3).fill('MPC_PRODUCT_CHECK'))
      }
    })
  }

  it('sees every message of a proof that is changed', async () => {
    // seeds go to the prover, dealt sums to the first verifier, one message to it at the end, and the verdicts
    const sizes = new Map<string, number>()
    const run = (change: number): Promise<unknown> => {
      let seen = 0
      return runParties(
        {
          security: 'active',
          timeoutMs: 2_000,
          intercept: ({ from, operation, step, body }) => {
            if (from !== 1) return body
            sizes.set(`${operation}/${step}`, body.length)
            if (seen++ === change) body[0]! ^= 1
            return body
          }
        },
        async party => proveGates(party, await gates(party, [[3, 32]]))
      )
    }
    await run(-1)
    const messages = sizes.size
    expect(messages).to.be.at.least(10)
    for (let change = 0; change < messages; change++) {
      const code = await run(change).then(
        () => 'accepted',
        (error: { code?: string }) => error.code
      )
      expect(code, `message ${change} of ${messages}`).to.equal('MPC_PRODUCT_CHECK')
    }
  })

  it('lets a wrong gate pass with less than 2^-80, however many there are', () => {
    for (const gates of [1, 1000, 2 ** 20, 2 ** 24]) expect(gateSoundnessBits(gates)).to.be.below(-100)
  })
})
