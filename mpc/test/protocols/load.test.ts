import { expect } from 'chai'
import { dealLocally, runEach, runParties } from '../../harness/local-parties.ts'
import { combine } from '../../src/client.ts'
import { DEFAULT_PRIME, Field, type Vec } from '../../src/field/field.ts'
import { foreignSecret, loadSecrets } from '../../src/numbers/index.ts'
import { mul } from '../../src/protocols/multiply.ts'
import { broadcast } from '../../src/protocols/broadcast.ts'
import { loadShares } from '../../src/protocols/load.ts'
import { release } from '../../src/protocols/release.ts'
import type { Intercept } from '../../src/session/memory-channel.ts'
import type { Party } from '../../src/session/party.ts'
import { Shamir } from '../../src/sharing/shamir.ts'

const field = Field.of(DEFAULT_PRIME)
const X = Array.from({ length: 30 }, (_, i) => BigInt(i * i) - 100n)
const Y = X.map(x => 3n - x)

/** Shares with one more at one place, at these nodes. */
function spoil(rows: readonly Vec[], nodes: readonly number[], at = 7): Vec[] {
  return rows.map((row, i) => {
    const out = row.slice()
    if (nodes.includes(i)) {
      out.set(field.add(field.slice(out, at, at + 1), field.constant(BigInt(i + 1))), at * field.limbs)
    }
    return out
  })
}

interface Facts {
  readonly code: string
}
const codeAt = (result: unknown): string => (result as { facts?: Facts }).facts?.code ?? 'none'

describe('mpc/load', function () {
  this.timeout(60_000)

  for (const [n, t, faulty] of [
    [4, 1, [2]],
    [7, 2, [0, 5]]
  ] as const) {
    it(`names nodes that kept wrong shares, gives them right ones and goes on (n=${n}, t=${t})`, async () => {
      const [x, y] = [spoil(dealLocally(X, n, t), faulty), dealLocally(Y, n, t)]
      const { results } = await runParties({ n, t, security: 'active' }, async party => {
        const { vectors, wrong } = await loadShares(party, [x[party.index]!, y[party.index]!])
        const shares = await release(party, await mul(party, vectors[0]!, vectors[1]!))
        return { wrong, shares, loaded: vectors[0]! }
      })
      for (const { wrong } of results) expect(wrong).to.deep.equal(faulty)
      // all rows are right again, so that products are proved and nothing is corrected at the receiver
      const rows = results.map(({ shares }, index) => ({ index, shares }))
      const { values, wrong } = combine(rows, { prime: DEFAULT_PRIME, n, t })
      expect(wrong).to.deep.equal([])
      expect(field.toSigned(values)).to.deep.equal(X.map((v, i) => v * Y[i]!))
    })

    it(`names them among the suspects of numbers (n=${n}, t=${t})`, async () => {
      const x = spoil(dealLocally(X, n, t), faulty)
      const { results } = await runParties({ n, t, security: 'active' }, async party => {
        const [value] = await loadSecrets(party, [{ shares: x[party.index]!, shape: { magnitude: 11 } }])
        return { shares: value!.shares, suspects: party.suspects }
      })
      for (const { suspects } of results) expect(suspects).to.deep.equal(faulty)
      const rows = results.map(({ shares }, index) => ({ index, shares }))
      expect(new Shamir(field, n, t).consistent(rows, t)).to.equal(true)
    })

    it(`repairs without telling a node more than its share (n=${n}, t=${t})`, async () => {
      const node = faulty[0]
      const dealt = dealLocally(X, n, t)
      const heard = new Map<number, Vec>()
      const intercept: Intercept = ({ from, to, body }) => {
        if (to === node && body.length === X.length * field.bytes) heard.set(from, field.fromBytes(body.slice()))
        return body
      }
      await runParties({ n, t, security: 'active', intercept }, party =>
        loadShares(party, [spoil(dealt, [node])[party.index]!])
      )
      const rows = [...heard].map(([index, shares]) => ({ index, shares }))
      expect(rows).to.have.length(n - 1)
      const shamir = new Shamir(field, n, t)
      for (const { index, shares } of rows) expect(shares).to.not.deep.equal(dealt[index])
      const found = field.toSigned(shamir.interpolate(rows.slice(0, t + 1)))
      expect(found.filter((value, i) => value === X[i])).to.deep.equal([])
      expect(shamir.interpolate(rows.slice(0, t + 1), BigInt(node + 1))).to.deep.equal(dealt[node])
    })
  }

  it('ends the session where a wrong share can only be seen (n=3, and 5 nodes of which 2 may be corrupt)', async () => {
    for (const [n, t] of [
      [3, 1],
      [5, 2]
    ] as const) {
      const x = spoil(dealLocally(X, n, t), [1])
      const results = await runEach({ n, t, security: 'active', timeoutMs: 5_000 }, party =>
        loadShares(party, [x[party.index]!])
      )
      expect(results.map(codeAt)).to.deep.equal(Array<string>(n).fill('MPC_OPENING'))
    }
  })

  it('does not load more wrong shares than can be told apart', async () => {
    const x = spoil(dealLocally(X, 4, 1), [1, 2])
    const results = await runEach({ n: 4, t: 1, security: 'active', timeoutMs: 5_000 }, party =>
      loadShares(party, [x[party.index]!])
    )
    expect(results.map(codeAt)).to.deep.equal(Array<string>(4).fill('MPC_OPENING'))
  })

  it('leaves the honest nodes on one polynomial when an owner dealt none and a node tells each what suits', async () => {
    // nodes 1, 2, 3 hold shares on no line. Node 0 hears their rows first, and tells each a row on the line of two of them, another
    // two each time: if each believed what it was told, each would find another node wrong
    const dealt = spoil(dealLocally(X, 4, 1), [3])
    const shamir = new Shamir(field, 4, 1)
    const heard = new Map<string, Map<number, Vec>>()
    const intercept: Intercept = ({ from, to, operation, body }) => {
      if (body.length !== field.bytes) return body
      const rows = heard.get(operation) ?? new Map<number, Vec>()
      heard.set(operation, rows)
      if (from !== 0) {
        rows.set(from, field.fromBytes(body.slice()))
        return body
      }
      // the first such opening is the coin's
      if (heard.size < 2) return body
      setTimeout(() => {
        const pair = [to, (to % 3) + 1].map(index => ({ index, shares: rows.get(index)! }))
        body.set(field.toBytes(shamir.interpolate(pair, 1n)))
      }, 15)
      return [{ body, afterMs: 30 }]
    }
    const results = await runEach({ n: 4, t: 1, security: 'active', timeoutMs: 5_000, intercept }, party =>
      loadShares(party, [dealt[party.index]!])
    )
    const honest = results.slice(1).flatMap((result, i) => {
      if (result === null || result instanceof Error) return []
      return [{ index: i + 1, shares: result.vectors[0]! }]
    })
    if (honest.length === 3) expect(shamir.consistent(honest, 1)).to.equal(true)
    else expect(results.slice(1).map(codeAt)).to.include('MPC_OPENING')
  })

  it('gives a node the share that its owner did not, without calling it a suspect', async () => {
    const x = spoil(dealLocally([3n, -4n, 5n], 4, 1), [3], 1)
    const { results } = await runParties({ n: 4, t: 1, security: 'active', timeoutMs: 30_000 }, async party => {
      const { shares } = await foreignSecret(party, x[party.index]!, { magnitude: 3 })
      return { shares, suspects: party.suspects }
    })
    for (const { suspects } of results) expect(suspects).to.deep.equal([])
    const rows = results.map(({ shares }, index) => ({ index, shares }))
    expect(new Shamir(field, 4, 1).consistent(rows, 1)).to.equal(true)
  })

  it('hears the same from everyone at all honest nodes, whatever a node tells whom', async () => {
    for (const [n, t, liars] of [
      [4, 1, [3]],
      [7, 2, [0, 4]]
    ] as const) {
      const intercept: Intercept = ({ from, to, body }) =>
        (liars as readonly number[]).includes(from) ? body.map(byte => byte ^ (to + 1)) : body
      const { results } = await runParties({ n, t, security: 'active', intercept }, (party: Party) =>
        broadcast(party, Uint8Array.of(party.index, 7, 9))
      )
      const honest = results.filter((_, i) => !(liars as readonly number[]).includes(i))
      for (const said of honest) {
        expect(said).to.deep.equal(honest[0])
        said.forEach((bytes, i) => {
          if (!(liars as readonly number[]).includes(i)) expect([...bytes]).to.deep.equal([i, 7, 9])
        })
      }
    }
  })
})
