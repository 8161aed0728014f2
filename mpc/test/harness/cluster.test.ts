import { expect } from 'chai'
import { Cluster } from '../../harness/cluster.ts'

const programs = new URL('../../harness/test-programs.ts', import.meta.url)

describe('mpc/harness', function () {
  this.timeout(60_000)

  it('computes in separate processes over encrypted links, and stays responsive', async () => {
    const cluster = await Cluster.start({ programs, n: 3, t: 1 })
    try {
      const { values, measured } = await cluster.run('squares', () => ({ count: 20 }))
      expect(values).to.deep.equal(Array(3).fill(Array.from({ length: 20 }, (_, i) => BigInt(i + 1) ** 2n)))
      expect(measured[0]!.bytes).to.equal(20 * 24 * 3)
      expect(measured[0]!.rounds).to.equal(2)
      const failure = await cluster.run('fails').catch(e => e)
      expect(failure.code).to.equal('INTERNAL')
      const again = await cluster.run('squares', () => ({ count: 3 }))
      expect(again.values[2]).to.deep.equal([1n, 4n, 9n])
    } finally {
      await cluster.stop()
    }
  })
})
