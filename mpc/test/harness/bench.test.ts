import { expect } from 'chai'
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const script = fileURLToPath(new URL('../../../bench/mpc/main.ts', import.meta.url))

/** What other programs read from `npm run bench:mpc -- --json`. */
const FIELDS = {
  name: 'string',
  security: 'string',
  n: 'number',
  t: 'number',
  prime: 'string',
  count: 'number',
  seconds: 'number',
  perSecond: 'number',
  rounds: 'number',
  bytesPerParty: 'number'
}
const NAMES =
  'input, mul, dot, matmul, eq, less-than, fixed-mul, mean-var, linreg, max, inverse, mul-latency, less-than-latency'

async function bench(...args: string[]): Promise<{ code: number | null; out: string; err: string }> {
  const child = spawn(process.execPath, [script, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  let [out, err] = ['', '']
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()))
  const code = await new Promise<number | null>(resolve => child.once('close', resolve))
  return { code, out, err }
}

describe('bench/mpc', function () {
  this.timeout(180_000)

  for (const security of ['passive', 'active'] as const) {
    it(`measures, checks its results and prints JSON under the names that others read (${security})`, async () => {
      const { code, out, err } = await bench('--quick', '--json', '--only', 'mul,eq', '--security', security)
      expect([code, err]).to.deep.equal([0, ''])
      const { results, machine } = JSON.parse(out) as { results: Record<string, unknown>[]; machine: object }
      expect(results.map(({ name }) => name)).to.deep.equal(['mul', 'eq'])
      for (const result of results) {
        for (const [field, type] of Object.entries(FIELDS)) expect(typeof result[field], field).to.equal(type)
        expect(result).to.deep.include({ security, n: 3, t: 1 })
        expect(Number(result.perSecond)).to.be.closeTo(Number(result.count) / Number(result.seconds), 1)
        expect(Number(result.bytesPerParty) / Number(result.count)).to.be.within(24, 25)
        expect(result.rounds).to.be.above(0)
        expect(result.isResponsive).to.be.a('boolean')
        for (const bare of ['bareBigintPerSecond', 'bareWasmPerSecond', 'bareRoundTripMs'])
          expect(result[bare], bare).to.be.above(0)
        // a wrong product of the batch passes with less than 2^-80
        if (security === 'active') expect(result.soundnessBits).to.be.within(-164, -80)
        else expect(result).to.not.have.property('soundnessBits')
      }
      expect(machine).to.have.all.keys('cpu', 'cores', 'node', 'date')
    })
  }

  it('has all workloads under their names, and says so', async () => {
    const { code, err } = await bench('--only', 'nothing')
    expect(code).to.equal(2)
    const names = /There are: (.*)\.\n/.exec(err)![1]!.split(', ')
    expect(names).to.include.members(NAMES.split(', '))
    expect(names).to.include('eq-secret')
  })
})
