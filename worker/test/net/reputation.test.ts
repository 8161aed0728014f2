import { expect } from 'chai'
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
})
