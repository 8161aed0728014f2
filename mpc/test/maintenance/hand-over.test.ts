import { expect } from 'chai'
import { combine } from '../../src/client.ts'
import { dealLocally } from '../../harness/local-parties.ts'
import { DEFAULT_PRIME, Field, type Vec } from '../../src/field/field.ts'
import { giveShares, takeShares, type HandOver, type Taken } from '../../src/maintenance/hand-over.ts'
import { agreeOnKeys } from '../../src/session/keys.ts'
import { memoryChannels, type Intercept } from '../../src/session/memory-channel.ts'
import { Party, type Security } from '../../src/session/party.ts'
import { Shamir } from '../../src/sharing/shamir.ts'

const field = Field.of(DEFAULT_PRIME)
const VALUES = Array.from({ length: 9000 }, (_, i) => BigInt(i) ** 3n)
const timeoutMs = 15_000

async function parties(n: number, t: number, session: string, security: Security, wait = timeoutMs): Promise<Party[]> {
  const keys = await Promise.all(memoryChannels(n).map(c => agreeOnKeys(c, t, session, { timeoutMs })))
  return memoryChannels(n).map((channel, i) =>
    Party.create({ field, n, t, channel, keys: keys[i]!, session, security, timeoutMs: wait })
  )
}

interface Move {
  readonly from: readonly number[]
  readonly t: number
  readonly to: readonly number[]
  readonly newT: number
  readonly security?: Security
  readonly intercept?: Intercept
  readonly values?: readonly bigint[]
  readonly change?: (shares: Vec[]) => void
  readonly wait?: number
}

async function move({
  from,
  t,
  to,
  newT,
  security = 'active',
  intercept,
  values = VALUES,
  change,
  wait
}: Move): Promise<{
  old: Vec[]
  taken: Vec[]
  accused: Taken['accused'][]
}> {
  const [olds, news] = await Promise.all([
    parties(from.length, t, 'old', security),
    parties(to.length, newT, 'new', security, wait)
  ])
  const links = memoryChannels(Math.max(...from, ...to) + 1, intercept)
  const old = dealLocally(values, from.length, t)
  const held = old.map(shares => shares.slice())
  change?.(held)
  const plan = (number: number): HandOver => ({ link: links[number]!, name: 'move 1', from, to })
  const giving = olds.map((party, i) => giveShares(party, held[i]!, plan(from[i]!), newT))
  const taking = news.map((party, i) => takeShares(party, values.length, plan(to[i]!), t))
  const settled = await Promise.allSettled(taking)
  await Promise.all(giving)
  const failed = settled.find(result => result.status === 'rejected')
  if (failed) throw failed.reason as Error
  const all = settled.map(result => (result as PromiseFulfilledResult<Taken>).value)
  return { old, taken: all.map(({ shares }) => shares), accused: all.map(({ accused }) => accused) }
}

describe('mpc/hand-over', function () {
  this.timeout(30_000)

  for (const [title, plan] of Object.entries({
    'to other nodes': { from: [0, 1, 2], t: 1, to: [3, 4, 5], newT: 1 },
    'to nodes of which some stay': { from: [0, 1, 2], t: 1, to: [2, 0, 3], newT: 1 },
    'to more nodes and a higher T': { from: [0, 1, 2], t: 1, to: [0, 1, 2, 3, 4], newT: 2 },
    'to fewer nodes and a lower T': { from: [0, 1, 2, 3, 4], t: 2, to: [4, 1, 6], newT: 1 },
    'to the same nodes': { from: [0, 1, 2, 3], t: 1, to: [0, 1, 2, 3], newT: 1 }
  } as Record<string, Move>)) {
    for (const security of ['passive', 'active'] as const) {
      it(`moves shares ${title} (${security})`, async () => {
        const { old, taken } = await move({ ...plan, security })
        const rows = taken.map((shares, index) => ({ index, shares }))
        const { values } = combine(rows, { prime: DEFAULT_PRIME, n: plan.to.length, t: plan.newT })
        expect(field.toBigints(values)).to.deep.equal(VALUES)
        // old and new shares do not mix: with one new share in place of an old one no value comes out, either way round
        for (const [shares, others, t, n] of [
          [old, taken, plan.t, plan.from.length],
          [taken, old, plan.newT, plan.to.length]
        ] as const) {
          const shamir = new Shamir(field, n, t)
          for (let at = 0; at <= t; at++) {
            const mixed = Array.from({ length: t + 1 }, (_, index) => ({
              index,
              shares: (index === at ? others : shares)[index]!
            }))
            const found = field.toBigints(shamir.interpolate(mixed))
            expect(found.some((value, i) => value === VALUES[i])).to.equal(false)
          }
        }
      })
    }
  }

  it('detects an old node that hands over another share than it has, and pieces that are no sharing', async () => {
    const plan = { from: [0, 1, 2], t: 1, to: [3, 4, 5], newT: 1, values: [1n, 2n, 3n] }
    for (const culprit of [0, 1, 2]) {
      const lied = await move({
        ...plan,
        change: shares => shares[culprit]!.set(field.constant(99n), field.limbs)
      }).catch((e: { code: string }) => e.code)
      expect(lied, `share of ${culprit}`).to.equal('MPC_OPENING')
      const torn = await move({
        ...plan,
        intercept: ({ from, to, body }) =>
          from === culprit && to === 4 ? field.toBytes(field.from([7n, 7n, 7n, 7n])) : body
      }).catch((e: { code: string }) => e.code)
      expect(torn, `piece of ${culprit}`).to.equal('MPC_OPENING')
    }
  })

  const four = { from: [0, 1, 2, 3], t: 1, to: [4, 5, 6, 7], newT: 1, values: [1n, 2n, 3n] }
  const right = (taken: readonly Vec[]): void => {
    const rows = taken.map((shares, index) => ({ index, shares }))
    expect(new Shamir(field, 4, 1).consistent(rows, 1)).to.equal(true)
    expect(field.toBigints(combine(rows, { prime: DEFAULT_PRIME, n: 4, t: 1 }).values)).to.deep.equal(four.values)
  }

  it('corrects and names an old node that hands over another share than it has, where N >= 3(T-1)+1', async () => {
    for (const culprit of four.from) {
      const { taken, accused } = await move({
        ...four,
        change: shares => shares[culprit]!.set(field.constant(99n), field.limbs)
      })
      right(taken)
      for (const each of accused) expect(each).to.deep.equal([[culprit]])
    }
  })

  it('corrects a single piece that is off and names the two of whom one is at fault', async () => {
    const { taken, accused } = await move({
      ...four,
      intercept: ({ from, to, body }) => (from === 0 && to === 6 ? field.toBytes(field.from([7n, 7n, 7n, 7n])) : body)
    })
    right(taken)
    for (const each of accused) expect(each).to.deep.equal([[0, 6]])
  })

  it('goes on without an old node whose pieces are no sharing', async () => {
    const { taken, accused } = await move({
      ...four,
      intercept: ({ from, to, body }) =>
        from === 1
          ? field.toBytes(field.add(field.fromBytes(body.slice()), field.constant(BigInt(to * to * to))))
          : body
    })
    right(taken)
    for (const each of accused) expect(each).to.deep.equal([[1]])
  })

  it('corrects old shares also for three new nodes, and pieces of three old ones', async () => {
    const down = await move({
      ...four,
      to: [4, 5, 6],
      change: shares => shares[2]!.set(field.constant(99n), field.limbs)
    })
    const rows = down.taken.map((shares, index) => ({ index, shares }))
    expect(field.toBigints(combine(rows, { prime: DEFAULT_PRIME, n: 3, t: 1 }).values)).to.deep.equal(four.values)
    for (const each of down.accused) expect(each).to.deep.equal([[2]])
    const up = await move({
      ...four,
      from: [0, 1, 2],
      intercept: ({ from, to, body }) => (from === 2 && to === 5 ? field.toBytes(field.from([7n, 7n, 7n, 7n])) : body)
    })
    right(up.taken)
    for (const each of up.accused) expect(each).to.deep.equal([[2, 5]])
  })

  it('names the node that hands over nothing, and what is no field element', async () => {
    const plan = { from: [0, 1, 2], t: 1, to: [3, 4, 5], newT: 1, values: [1n, 2n, 3n] }
    const silent = await move({ ...plan, wait: 300, intercept: ({ from, body }) => (from === 1 ? null : body) }).catch(
      (e: { facts: object }) => e.facts
    )
    expect(silent).to.include({ code: 'MPC_TIMEOUT', from: 1 })
    const wild = await move({
      ...plan,
      wait: 300,
      intercept: ({ from, body }) => (from === 2 ? body.fill(255) : body)
    }).catch((e: { facts: object }) => e.facts)
    expect(wild).to.include({ code: 'MPC_MESSAGE', from: 2 })
  })

  it('refuses lists that name a node twice or leave this one out', async () => {
    const [party] = await parties(3, 1, 'lists', 'passive')
    const link = memoryChannels(5)[0]!
    for (const [from, to] of [
      [
        [0, 0, 1],
        [2, 3, 4]
      ],
      [
        [1, 2, 3],
        [0, 1, 4]
      ],
      [
        [0, 1, 9],
        [2, 3, 4]
      ]
    ] as const) {
      const code = await giveShares(party!, field.zeros(1), { link, name: 'x', from, to }, 1).catch(
        (e: { code: string }) => e.code
      )
      expect(code).to.equal('MPC_SHAPE')
    }
  })
})
