import { expect } from 'chai'
import { setTimeout as sleep } from 'node:timers/promises'
import { Reputation } from '../../src/net/reputation.ts'

describe('net/reputation', () => {
  const settings = { banPoints: 100, banMs: 60_000 }

  it('sends a peer away at its limit, though the first offence has faded by a moment', () => {
    let now = 1_000
    const reputation = new Reputation(settings, () => now)
    expect(reputation.penalise('p', 50)).to.equal(false)
    now += 200
    expect(reputation.penalise('p', 50)).to.equal(true)
    expect(reputation.isBanned('p')).to.equal(true)
    now += settings.banMs
    expect(reputation.isBanned('p')).to.equal(false)
  })

  it('forgets old offences by half every ten minutes', () => {
    let now = 0
    const reputation = new Reputation(settings, () => now)
    reputation.penalise('p', 80)
    now += 10 * 60_000
    expect(reputation.penalise('p', 50), '40 + 50').to.equal(false)
    expect(reputation.isBanned('p')).to.equal(false)
  })

  it('ends a ban in its time although the clock of the machine falls back meanwhile', async () => {
    const wallClock = Date.now
    let fallen = 0
    Date.now = () => wallClock() - fallen
    try {
      const banMs = 20
      const reputation = new Reputation({ banPoints: 100, banMs })
      reputation.penalise('p', 100)
      fallen = 3_600_000
      expect(reputation.isBanned('p')).to.equal(true)
      await sleep(2 * banMs)
      expect(reputation.isBanned('p')).to.equal(false)
    } finally {
      Date.now = wallClock
    }
  })
})
