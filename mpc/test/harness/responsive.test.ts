import { expect } from 'chai'
import { Cluster } from '../../harness/cluster.ts'
import { CHUNK_ELEMENTS } from '../../src/session/party.ts'

describe('mpc/responsive', function () {
  this.timeout(60_000)
  for (const security of ['passive', 'active'] as const) {
    it(`lets a party's event loop come round every few chunks of a long product, and its host's meanwhile (${security})`, async () => {
      const programs = new URL('../../harness/test-programs.ts', import.meta.url)
      const cluster = await Cluster.start({ programs, security, timeoutMs: 50_000 })
      try {
        const count = 40 * CHUNK_ELEMENTS
        let ofHost = 0
        let running = true
        const tick = (): void => {
          ofHost++
          if (running) setImmediate(tick)
        }
        setImmediate(tick)
        const { values } = await cluster.run('turns', () => ({ count }))
        running = false
        // four chunks a turn at most, once when they are sent and once when they are received
        for (const turns of values) expect(Number(turns)).to.be.at.least(2 * (count / CHUNK_ELEMENTS / 4))
        // the parties compute in processes of their own
        expect(ofHost).to.be.above(1000)
      } finally {
        await cluster.stop()
      }
    })
  }
})
