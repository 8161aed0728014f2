import { expect } from 'chai'
import { Quota } from '../../src/net/quota.ts'
import { Reputation } from '../../src/net/reputation.ts'

describe('net/quota', () => {
  it('lets a burst through, then the rate, each key by itself', () => {
    let now = 0
    const quota = new Quota({ now: () => now })
    const taken = (key: string, times: number): number =>
      Array.from({ length: times }, () => quota.take(key, 2, 5)).filter(Boolean).length

    expect(taken('a', 10)).to.equal(5)
    expect(taken('b', 10)).to.equal(5)
    now += 1_000
    expect(taken('a', 10)).to.equal(2)
    now += 60_000
    expect(taken('a', 10)).to.equal(5)
  })

  it('holds a bounded number of keys', () => {
    const quota = new Quota({ now: () => 0, maxKeys: 2 })
    for (const key of ['a', 'b', 'c']) quota.take(key, 0, 1)
    expect(quota.take('c', 0, 1)).to.equal(false)
    expect(quota.take('a', 0, 1)).to.equal(true) // forgotten, so new
  })
})

describe('net/reputation', () => {
  it('bans at the limit, for its time, and forgives slowly', () => {
    let now = 0
    const reputation = new Reputation({ banPoints: 100, banMs: 1_000 }, () => now)
    expect(reputation.penalise('a', 60)).to.equal(false)
    now += 10 * 60 * 1000 // 60 points are worth 30
    expect(reputation.penalise('a', 60)).to.equal(false)
    expect(reputation.penalise('a', 60)).to.equal(true)
    expect([reputation.isBanned('a'), reputation.isBanned('b')]).to.deep.equal([true, false])
    now += 1_001
    expect(reputation.isBanned('a')).to.equal(false)
  })
})
