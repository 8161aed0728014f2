import { expect } from 'chai'
import { devnetUp } from '../../src/commands/up.ts'

describe('devnet/commands/flags', () => {
  const run = async (flags: Parameters<typeof devnetUp>[0]): Promise<{ exit: number; errors: string }> => {
    const errors: string[] = []
    const exit = await devnetUp(flags, { out: () => undefined, err: line => void errors.push(line) })
    return { exit, errors: errors.join('\n') }
  }

  it('does not start simulated enclaves unless asked to', async () => {
    const { exit, errors } = await run({ simulation: false })
    expect(exit).to.equal(2)
    expect(errors)
      .to.match(/SGX device/)
      .and.to.contain('./launch.sh -s')
  })

  for (const workers of [0, 10, 1.5, NaN]) {
    it(`refuses ${workers} workers`, async () => {
      expect(await run({ simulation: true, workers })).to.deep.include({ exit: 2 })
    })
  }

  it('refuses an epoch that is too long for block hashes', async () => {
    expect((await run({ simulation: true, epochSize: 201 })).errors).to.contain('--epoch-size')
  })
})
