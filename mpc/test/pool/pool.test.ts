import { expect } from 'chai'
import { randomBytes } from 'node:crypto'
import { dealLocally } from '../../harness/local-parties.ts'
import { DEFAULT_PRIME, Field, type Vec } from '../../src/field/field.ts'
import { fillPool, needOf, type Order } from '../../src/pool/fill.ts'
import { PoolKeeper } from '../../src/pool/keeper.ts'
import { MAX_BATCHES, Pool } from '../../src/pool/pool.ts'
import { reserveStock } from '../../src/pool/reserve.ts'
import { parallel } from '../../src/protocols/masked.ts'
import { isNegative } from '../../src/protocols/compare.ts'
import { openTrusting } from '../../src/protocols/open.ts'
import { release } from '../../src/protocols/release.ts'
import { truncate } from '../../src/protocols/truncate.ts'
import { agreeOnKeys, type PartyKeys } from '../../src/session/keys.ts'
import { countTraffic, type Traffic } from '../../src/session/counting-channel.ts'
import { memoryChannels, type Intercept } from '../../src/session/memory-channel.ts'
import { Party, type Security } from '../../src/session/party.ts'

const field = Field.of(DEFAULT_PRIME)
const wait = { timeoutMs: 10_000 }

/** Nodes that keep their keys and pools from one session to the next. */
async function network(n: number, t: number, security: Security) {
  const keys: PartyKeys[] = await Promise.all(memoryChannels(n).map(channel => agreeOnKeys(channel, t, 'pool', wait)))
  const pools = Array.from({ length: n }, () => new Pool())
  async function run<T>(
    program: (party: Party, pool: Pool) => Promise<T>,
    intercept?: Intercept,
    timeoutMs = 10_000
  ): Promise<{ results: T[]; traffic: Traffic[] }> {
    const session = randomBytes(8).toString('hex')
    const channels = memoryChannels(n, intercept).map(countTraffic)
    const results = await Promise.all(
      channels.map((channel, i) =>
        program(Party.create({ field, n, t, channel, keys: keys[i]!, session, timeoutMs, security }), pools[i]!)
      )
    )
    return { results, traffic: channels.map(({ traffic }) => traffic) }
  }
  return { pools, run }
}

const values = Array.from({ length: 100 }, (_, i) => BigInt(i * i) - 2500n)
const negative = values.map(v => (v < 0n ? 1n : 0n))
const comparisons: Order = { kind: 'comparison', count: 128, bits: 20 }
const truncations: Order = { kind: 'truncation', count: 100, shift: 8 }

async function compareAndTruncate(party: Party, x: Vec): Promise<{ bits: bigint[]; parts: bigint[] }> {
  const bits = await isNegative(party, x, 20)
  const parts = await truncate(party, x, 8, 20)
  const opened = await openTrusting(party, await release(party, field.concat([bits, parts])))
  const all = field.toSigned(opened)
  return { bits: all.slice(0, values.length), parts: all.slice(values.length) }
}

describe('mpc/pool', function () {
  this.timeout(30_000)
  for (const [n, t] of [
    [3, 1],
    [4, 1],
    [5, 2]
  ] as const) {
    for (const security of ['passive', 'active'] as const) {
      it(`n=${n}, t=${t}, ${security}: right with a stock, when it runs out, and without one`, async () => {
        const { pools, run } = await network(n, t, security)
        const x = dealLocally(values, n, t)
        await run((party, pool) => fillPool(party, pool, comparisons, 1))
        await run((party, pool) => fillPool(party, pool, truncations, 2))
        const { kind, count } = needOf(comparisons, n)
        for (const pool of pools) expect(pool.inventory()).to.deep.equal({ [kind]: count, 'truncation/8': 100 })

        const bytes: number[] = []
        for (const reserve of [true, false]) {
          const { results, traffic } = await run(async (party, pool) => {
            if (reserve) {
              const got = await reserveStock(party, pool, [comparisons, truncations])
              expect(got).to.deep.equal({ [kind]: count, 'truncation/8': 100 })
            }
            const first = await compareAndTruncate(party, x[party.index]!)
            // nothing is left for this one
            expect(party.stock?.take(`truncation/8`, 1) ?? null).to.equal(null)
            return [first, await compareAndTruncate(party, x[party.index]!)]
          })
          for (const outcome of results.flat()) {
            expect(outcome.bits).to.deep.equal(negative)
            outcome.parts.forEach((part, i) => expect(Math.abs(Number(part) - Number(values[i]!) / 256)).to.be.below(6))
          }
          bytes.push(Math.max(...traffic.map(each => each.bytes)))
        }
        // the stock saves messages
        expect(bytes[0]).to.be.below(bytes[1]!)
        for (const pool of pools) expect(pool.inventory()).to.deep.equal({ [kind]: 0, 'truncation/8': 0 })
      })
    }
  }

  it('never hands out an element twice, and wipes what it handed out', async () => {
    const { pools, run } = await network(3, 1, 'passive')
    await run((party, pool) => fillPool(party, pool, { ...truncations, count: 10 }, 1))
    const { results } = await run(async (party, pool) => {
      await reserveStock(party, pool, [truncations])
      const stock = party.stock!
      const pieces = [4, 4, 4, 2].map(count => stock.take('truncation/8', count))
      expect(pieces.map(piece => piece?.vectors[0]!.length ?? 0)).to.deep.equal([4, 4, 0, 2].map(c => c * field.limbs))
      return pieces.flatMap(piece => (piece ? field.toBigints(piece.vectors[0]!) : []))
    })
    for (const taken of results) expect(new Set(taken).size).to.equal(10)
    // what left the pool is in no later reservation
    const again = await run((party, pool) => reserveStock(party, pool, [truncations]))
    expect(again.results).to.deep.equal(Array(3).fill({ 'truncation/8': 0 }))
    expect(pools[0]!.numbers('truncation/8')).to.deep.equal([])
  })

  it('takes only batches that all nodes have', async () => {
    const { pools, run } = await network(3, 1, 'active')
    for (const number of [1, 2, 3]) {
      await run((party, pool) => fillPool(party, pool, { ...comparisons, count: 32 }, number))
    }
    pools[1]!.remove('bit-signs', [1])
    const { results } = await run((party, pool) => reserveStock(party, pool, [{ ...comparisons, count: 64 }]))
    expect(results).to.deep.equal(Array(3).fill({ 'bit-signs': 64 }))
    expect(pools.map(pool => pool.numbers('bit-signs'))).to.deep.equal([[1], [], [1]])
  })

  it('ends the session when a node tells others different inventories', async () => {
    const { run } = await network(3, 1, 'active')
    for (const number of [1, 2]) await run((party, pool) => fillPool(party, pool, comparisons, number))
    const lie: Intercept = ({ from, to, body }) => {
      if (from === 2 && to === 0 && body.length > 200) body.fill(0)
      return body
    }
    const failed = await run((party, pool) => reserveStock(party, pool, [comparisons]), lie).catch(
      (error: { code: string }) => error.code
    )
    expect(failed).to.equal('MPC_DISPUTE')
  })

  it('does not mix up what two nodes would take in different order: it ends in a timeout', async () => {
    const { run } = await network(3, 1, 'passive')
    await run((party, pool) => fillPool(party, pool, comparisons, 1))
    // more than a few, for which nothing is taken
    const x = dealLocally(Array<bigint>(9).fill(5n), 3, 1)
    const failed = await run(
      async (party, pool) => {
        await reserveStock(party, pool, [comparisons])
        if (party.index === 1) party.stock!.take('bit-signs', 1)
        await isNegative(party, x[party.index]!, 20)
      },
      undefined,
      200
    ).catch((error: { code: string }) => error.code)
    expect(failed).to.equal('MPC_TIMEOUT')
  })

  it('gives branches nothing: they run in no fixed order', async () => {
    const { run } = await network(3, 1, 'active')
    await run((party, pool) => fillPool(party, pool, comparisons, 1))
    await run(async (party, pool) => {
      await reserveStock(party, pool, [comparisons])
      const seen = await parallel<boolean[]>(party, [
        branch => Promise.resolve(branch.stock === null),
        branch => Promise.resolve(branch.operation('inside').stock === null)
      ])
      expect(seen).to.deep.equal([true, true])
      expect(party.stock!.left('bit-signs')).to.equal(128)
    })
  })

  it('refuses other parameters, batches it has, and more than it can keep', async () => {
    const { run, pools } = await network(3, 1, 'passive')
    const small: Order = { ...truncations, count: 1 }
    const code = (program: (party: Party, pool: Pool) => Promise<unknown>): Promise<unknown> =>
      run(program).then(
        () => 'none',
        (error: { code: string }) => error.code
      )
    await run((party, pool) => fillPool(party, pool, small, 1))
    expect(await code((party, pool) => fillPool(party, pool, small, 1))).to.equal('MPC_PARAMETERS')
    for (let number = 2; number <= MAX_BATCHES; number++)
      await run((party, pool) => fillPool(party, pool, small, number))
    expect(await code((party, pool) => fillPool(party, pool, small, 1000))).to.equal('MPC_PARAMETERS')
    const active = await network(3, 1, 'active')
    await active.run(async party => {
      expect(() => pools[party.index]!.requireSetting(party))
        .to.throw()
        .with.property('code', 'MPC_PARAMETERS')
    })
  })

  it('is filled in idle time: not while a task runs, and only what is short', async () => {
    const { pools, run } = await network(3, 1, 'active')
    const tasks: string[] = []
    const keeper = new PoolKeeper({
      pool: pools[0]!,
      n: 3,
      targets: [comparisons, truncations],
      make: async (order, number) => {
        tasks.push(order.kind)
        await run((party, pool) => fillPool(party, pool, order, number))
      }
    })
    let finish: () => void = () => undefined
    const task = keeper.during(() => new Promise<void>(resolve => (finish = resolve)))
    keeper.start()
    await new Promise(resolve => setImmediate(resolve))
    expect(keeper.asked).to.equal(0)
    finish()
    await task
    while (keeper.asked < 2) await new Promise(resolve => setImmediate(resolve))
    await keeper.stop()
    expect(tasks).to.deep.equal(['comparison', 'truncation'])
    for (const pool of pools) expect(pool.inventory()).to.deep.equal({ 'bit-signs': 128, 'truncation/8': 100 })
    keeper.start()
    await keeper.during(() => Promise.resolve())
    await keeper.stop()
    expect(keeper.asked).to.equal(2)
  })
})
