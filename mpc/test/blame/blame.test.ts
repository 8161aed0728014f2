import { expect } from 'chai'
import { dealLocally, runEach } from '../../harness/local-parties.ts'
import { combine } from '../../src/client.ts'
import { DEFAULT_PRIME, Field, type Vec } from '../../src/field/field.ts'
import { modInverse } from '../../src/field/prime.ts'
import { isNegative } from '../../src/protocols/compare.ts'
import { whoSays } from '../../src/protocols/agree.ts'
import { investigate } from '../../src/protocols/blame.ts'
import { decodeView, judge, type Frame } from '../../src/protocols/dispute.ts'
import { reduceClaims } from '../../src/protocols/inner-product.ts'
import { exchangeRows } from '../../src/protocols/open.ts'
import { mul } from '../../src/protocols/multiply.ts'
import { elements, evaluator } from '../../src/protocols/product.ts'
import { release } from '../../src/protocols/release.ts'
import { chooseWithout } from '../../src/protocols/repeat.ts'
import { dealFrom, reshareInParts } from '../../src/protocols/reshare.ts'
import { verifyProducts } from '../../src/protocols/verify.ts'
import type { Intercept } from '../../src/session/memory-channel.ts'
import type { Party } from '../../src/session/party.ts'

const field = Field.of(DEFAULT_PRIME)
const X = Array.from({ length: 40 }, (_, i) => BigInt(i) - 20n)
const SIZE = X.length * field.bytes
const settings = [
  { n: 4, t: 1 },
  { n: 7, t: 2 }
]
const deals = new Map(settings.map(({ n, t }) => [n, dealLocally(X, n, t)]))
const share = (party: Party): Vec => deals.get(party.n)![party.index]!

interface Failure {
  readonly code: string
  readonly nodes?: readonly number[]
}
const factsOf = (outcome: unknown): Failure => (outcome as { facts: Failure }).facts
const plus = (body: Uint8Array, delta: bigint, at = 0): Uint8Array => {
  const values = field.fromBytes(body.slice())
  values.set(field.add(field.slice(values, at, at + 1), field.constant(delta)), at * field.limbs)
  return field.toBytes(values)
}

/** The squares of X, where `culprit` deals products that are off but well-formed. */
const falseProduct =
  (culprit: number, delta = 1n) =>
  async (party: Party): Promise<Vec> => {
    const x = share(party)
    if (party.index !== culprit) return release(party, await mul(party, x, x))
    const product = elements(field, x, x)
    const op = party.operation('product')
    const honest = evaluator(field, product)
    const shift = field.zeros(X.length)
    shift.set(field.constant(delta * modInverse(3n, field.p)), 7 * field.limbs)
    const { result, dealt } = await reshareInParts(op, X.length, (from, to) =>
      field.add(honest(from, to), field.slice(shift, from, to))
    )
    op.ledger.add({ product, result, dealt })
    return release(party, result)
  }
const squares = async (party: Party): Promise<Vec> => release(party, await mul(party, share(party), share(party)))

/** Changes the `which`th message of `size` bytes that goes from one node to another. */
function changing(from: number, to: number | null, size: number, which: number): Intercept {
  const seen = new Map<number, number>()
  return message => {
    if (message.from !== from || message.body.length !== size || (to !== null && message.to !== to)) return message.body
    const count = seen.get(message.to) ?? 0
    seen.set(message.to, count + 1)
    return count === which ? plus(message.body, 5n) : message.body
  }
}

describe('mpc/blame', function () {
  this.timeout(60_000)

  for (const { n, t } of settings) {
    const run = <T>(
      program: (party: Party) => Promise<T>,
      options: { intercept?: Intercept; without?: readonly number[]; views?: Map<number, Uint8Array> } = {}
    ): Promise<(T | Error | null)[]> => runEach({ n, t, security: 'active', timeoutMs: 5_000, ...options }, program)
    const others = (culprit: number, results: readonly unknown[]): Failure[] =>
      results.flatMap((result, i) => (i === culprit || result === null ? [] : [factsOf(result)]))

    describe(`N=${n}, T=${t + 1}`, () => {
      it('finds nothing where nobody cheats', async () => {
        const results = await run(squares)
        const rows = results.map((shares, index) => ({ index, shares: shares as Vec }))
        expect(field.toSigned(combine(rows, { prime: DEFAULT_PRIME, n, t }).values)).to.deep.equal(X.map(x => x * x))
      })

      it('names the node that deals a wrong product, at all others', async () => {
        for (const culprit of [0, 1, 2 * t]) {
          for (const failure of others(culprit, await run(falseProduct(culprit)))) {
            expect(failure).to.deep.include({ code: 'MPC_PRODUCT_CHECK', nodes: [culprit] })
          }
        }
      })

      it('names the pair of a node that deals no sharing and the one whose share is off', async () => {
        for (const culprit of [0, 2 * t]) {
          // only those whose share does not come from a key that they share with the dealer are sent one
          for (const victim of [(culprit + t + 1) % n, (culprit + n - 1) % n]) {
            const results = await run(squares, { intercept: changing(culprit, victim, SIZE, 0) })
            for (const failure of others(culprit, results)) {
              expect(failure.code).to.match(/^MPC_(OPENING|PRODUCT_CHECK)$/)
              expect(failure.nodes).to.deep.equal([culprit, victim].sort((a, b) => a - b))
            }
          }
        }
      })

      it('names the pair of a node that sends another row of the last opening to one node than to others', async () => {
        const [culprit, victim] = [1, 3]
        const results = await run(squares, { intercept: changing(culprit, victim, 3 * field.bytes, 0) })
        for (const failure of others(culprit, results)) expect(failure.nodes).to.deep.equal([culprit, victim])
      })

      it('names the node that sends all a wrong row of the last opening', async () => {
        const results = await run(squares, { intercept: changing(1, null, 3 * field.bytes, 0) })
        // its own view says what it should have sent, so the first that heard otherwise contradicts it
        for (const failure of others(1, results)) expect(failure.nodes).to.include(1)
      })

      it('names the node that deals something other than signs', async () => {
        for (const culprit of [0, t]) {
          const results = await run(async party => {
            const op = party.operation('signs')
            const dealers = op.session.present.slice(0, t + 1)
            const one = field.fill(field.constant(1n), 8)
            const bad = field.fill(field.constant(3n), 8)
            const dealt = await Promise.all(
              dealers.map(dealer =>
                dealFrom(op, dealer, 8, 'sign', (from, to) =>
                  field.slice(op.index === culprit ? bad : field.neg(one), from, to)
                )
              )
            )
            dealt.forEach((s, i) => op.ledger.add({ product: elements(field, s, s), result: one, by: dealers[i]! }))
            await mul(op, dealt[0]!, dealt[1]!)
            await verifyProducts(op)
          })
          for (const failure of others(culprit, results)) expect(failure.nodes).to.deep.equal([culprit])
        }
      })

      it('names the node that says a check failed which passed', async () => {
        const crier = 2
        const cried = await run(async party => {
          if (party.index !== crier) return squares(party)
          await mul(party, share(party), share(party))
          const op = party.operation('release').operation('verify')
          const claims = op.ledger.take()
          const { x, y, z } = await reduceClaims(op, claims)
          const rows = await exchangeRows(op, field.concat([x, y, z]))
          await investigate(op, claims, rows, await whoSays(op, true))
          return field.zeros(1)
        })
        for (const failure of others(crier, cried)) expect(failure.nodes).to.deep.equal([crier])
      })

      it('names the node that tells one node that a check failed and the others that it passed', async () => {
        const [crier, victim] = [2, 0]
        let told = 0
        const results = await run(squares, {
          // the byte after the last opening: 1 there says that the check failed
          intercept: ({ from, to, body }) =>
            from === crier && body.length === 1 && body[0] === 0 && to === victim ? (told++, Uint8Array.of(1)) : body
        })
        expect(told).to.be.above(0)
        // what the majority heard counts, at all honest nodes alike
        const outcomes = results.flatMap((result, i) =>
          i === crier ? [] : [result instanceof Error ? 'failed' : 'passed']
        )
        expect(new Set(outcomes).size).to.equal(1)
        for (const failure of others(
          crier,
          results.filter(result => result instanceof Error)
        ))
          expect(failure.nodes).to.deep.equal([crier])
      })

      it('never names two honest nodes, whatever one node changes in its view', async () => {
        for (let which = 0; which < 12; which++) {
          const culprit = 0
          const at = which * 3
          const results = await run(falseProduct(culprit), {
            intercept: ({ from, body }) => {
              const isView = body.length > 30 * field.bytes && body.length !== SIZE
              return from === culprit && isView ? plus(body, 1n, at % (body.length / field.bytes)) : body
            }
          })
          for (const failure of others(culprit, results)) expect(failure.nodes, `element ${at}`).to.include(culprit)
        }
      })

      it('lets the validator come to the same answer from the signed views alone', async () => {
        const views = new Map<number, Uint8Array>()
        let frame: Frame | undefined
        const culprit = 1
        await run(
          party => {
            const { shamir, present, dealers, productWeights } = party.session
            frame = { shamir, present, dealers, weights: productWeights, signers: [] }
            return falseProduct(culprit)(party)
          },
          { views }
        )
        const decoded = new Map(
          [...views].map(([node, view]) => [node, decodeView(frame!, field.fromBytes(view.slice()))])
        )
        expect(judge(frame!, decoded)).to.deep.equal([culprit])
      })

      it('opens nothing of the failed batch: all it shows of equal runs with different operands looks alike', async () => {
        // the views hold uniform elements: over several runs no element of them repeats, and none is a share of an operand
        const seen = new Set<string>()
        const shares = new Set(
          deals.get(n)!.flatMap(row => field.split(row).map(one => field.toBigints(one)[0]!.toString()))
        )
        for (let again = 0; again < 3; again++) {
          const views = new Map<number, Uint8Array>()
          await run(falseProduct(0), { views })
          const own = views.get(2)!
          for (const value of field.toBigints(field.fromBytes(own.slice()))) {
            if (value < 2n) continue // flags and places of nobody
            expect(shares.has(value.toString())).to.equal(false)
            expect(seen.has(value.toString()), 'an element that repeats').to.equal(false)
          }
          new Set(
            field
              .toBigints(field.fromBytes(own.slice()))
              .filter(v => v >= 2n)
              .map(String)
          ).forEach(v => seen.add(v))
        }
      })

      it('repeats the operation without one of those named, and succeeds', async () => {
        const [culprit, victim] = [1, (1 + t + 1) % n]
        const findings: (readonly number[])[] = []
        let result: bigint[] | null = null
        for (let tries = 0; tries < 4 && !result; tries++) {
          const without = chooseWithout({ n, t }, findings)!
          const results = await run(
            async party => {
              const negative = await isNegative(party, share(party), 20)
              return release(party, await mul(party, negative, share(party)))
            },
            {
              without,
              ...(without.includes(culprit)
                ? {}
                : { intercept: changing(culprit, victim === without[0] ? (victim + 1) % n : victim, SIZE, 1) })
            }
          )
          const failed = results.find((each, i) => each instanceof Error && i !== culprit)
          if (failed) findings.push(factsOf(failed).nodes!)
          else {
            const rows = results.flatMap((shares, index) => (shares ? [{ index, shares: shares as Vec }] : []))
            result = field.toSigned(combine(rows, { prime: DEFAULT_PRIME, n, t }).values)
          }
        }
        expect(findings.length).to.be.within(1, 2)
        for (const found of findings) expect(found).to.include(culprit)
        expect(result).to.deep.equal(X.map(x => (x < 0n ? x : 0n)))
      })

      it('goes on without a node that is not there at all, as long as 2t + 1 are', async () => {
        for (const absent of [0, n - 1]) {
          const results = await run(squares, { without: [absent] })
          expect(results[absent]).to.equal(null)
          const rows = results.flatMap((shares, index) => (index === absent ? [] : [{ index, shares: shares as Vec }]))
          const { values, verified } = combine(rows, { prime: DEFAULT_PRIME, n, t })
          expect([field.toSigned(values), verified]).to.deep.equal([X.map(x => x * x), true])
        }
        const tooMany = Array.from({ length: n - 2 * t }, (_, i) => i)
        const [refused] = (await run(squares, { without: tooMany })).filter(result => result !== null)
        expect(factsOf(refused)).to.include({ code: 'MPC_PARAMETERS' })
      })
    })
  }

  it('chooses whom to leave out: all findings must lose somebody, the most suspect first', () => {
    const four = { n: 4, t: 1 }
    expect(chooseWithout(four, [])).to.deep.equal([])
    expect(chooseWithout(four, [[2]])).to.deep.equal([2])
    expect(chooseWithout(four, [[0, 1]])).to.deep.equal([0])
    expect(
      chooseWithout(four, [
        [0, 1],
        [1, 2]
      ])
    ).to.deep.equal([1])
    expect(
      chooseWithout(four, [
        [0, 1],
        [2, 3]
      ])
    ).to.equal(null)
    expect(
      chooseWithout({ n: 7, t: 2 }, [
        [0, 1],
        [2, 3]
      ])
    ).to.deep.equal([0, 2])
    expect(chooseWithout({ n: 3, t: 1 }, [[0]])).to.equal(null)
  })
})
