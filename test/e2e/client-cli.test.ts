import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { run, type Io } from '@enigma/cli'
import { whileMining } from './support/mining.ts'
import { useSharedDevnet } from './support/shared-devnet.ts'

interface Outcome {
  readonly code: number
  readonly out: string[]
  readonly err: string[]
}

describe('e2e: the command line', function () {
  this.timeout(240_000)
  const shared = useSharedDevnet()
  let home: string
  let keyFile: string

  before(() => {
    home = mkdtempSync(join(tmpdir(), 'enigma-cli-e2e-'))
    keyFile = join(home, 'key')
    writeFileSync(keyFile, shared().nextUser().privateKey, { mode: 0o600 })
  })
  after(() => rmSync(home, { recursive: true, force: true }))

  /** Runs one command line against the shared network, which is not the one that `enigma devnet` knows. */
  async function enigma(line: string, input: string[] = [], more: Record<string, string> = {}): Promise<Outcome> {
    const { devnet } = shared()
    const out: string[] = []
    const err: string[] = []
    const env = {
      ENIGMA_HOME: home,
      ENIGMA_PRIVATE_KEY_FILE: keyFile,
      ENIGMA_RPC: devnet.workers.map(({ httpUrl }) => httpUrl).join(','),
      ENIGMA_CHAIN_URL: devnet.chainUrl,
      ENIGMA_CONTRACT: devnet.enigma,
      ...more
    }
    const readLine = (): Promise<string> => Promise.resolve(input.shift() ?? '')
    const io: Io = { env, out: text => void out.push(text), err: text => void err.push(text), readLine }
    return { code: await whileMining(devnet, run(line.split(' '), io)), out, err }
  }

  const stagesOf = ({ err }: Outcome): string[] => err.map(line => line.split(' ')[0]!)

  it('compiles, deploys, calls, and shows every stage while one waits', async () => {
    const compiled = await enigma(`compile secret-contracts/samples/calculator --out ${join(home, 'build')}`)
    expect(compiled).to.deep.include({ code: 0, err: [] })

    const deployed = await enigma(`deploy ${join(home, 'build/calculator.wasm')} --name mine`)
    expect([deployed.code, deployed.err.filter(line => line.startsWith('hint'))]).to.deep.equal([0, []])
    expect(deployed.out).to.have.length(1)
    expect(deployed.out[0]).to.match(/^0x[0-9a-f]{64}$/)

    const called = await enigma('call mine sub 76 17')
    expect([called.code, called.out]).to.deep.equal([0, ['59']])
    const all = ['encrypted', 'delivered', 'recorded', 'accepted', 'executing', 'committed', 'verified', 'final']
    expect(stagesOf(called)).to.deep.equal(all)

    const secret = await enigma('call mine mul - - --json', ['76', '17'])
    const { taskId, result } = JSON.parse(secret.out[0]!) as { taskId: string; result: string }
    expect(result).to.equal('1292')

    const watched = await enigma(`task watch ${taskId}`)
    expect([watched.code, watched.out]).to.deep.equal([0, ['1292']])
  })

  it('exits 2 with the code and the reason when a task failed', async () => {
    const failed = await enigma('call mine div 1 0')

    expect(failed.code).to.equal(2)
    expect(failed.out).to.deep.equal([])
    expect(failed.err.at(-2)).to.match(/^TASK_FAILED: .*divi/i)
    expect(failed.err.at(-1)).to.match(/^hint: /)
  })

  it('shows the trace of a task to whoever sent it, and says why there is none', async () => {
    const failed = await enigma('call mine div 1 0 --trace')
    const traced = failed.err
      .find(line => line.startsWith('traced'))!
      .split(' ')
      .at(-1)!
    const seen = await enigma(`debug ${traced}`)
    expect([seen.code, seen.err]).to.deep.equal([0, []])
    const lines = seen.out.join('\n')
    expect(seen.out[0]).to.equal(`task      ${traced}`)
    expect(lines).to.match(/failed in block \d+/)
    expect(lines).to.match(/ {2}revert/)
    expect(lines).to.match(/ {2}enigma-entry\/call$/m)

    const good = await enigma('call mine sub 7 2 --trace --json')
    const { taskId } = JSON.parse(good.out[0]!) as { taskId: string }
    const trace = JSON.parse((await enigma(`debug ${taskId} --json`)).out[0]!) as {
      gasUsed: number
      events: { call: string }[]
      functions: { name: string; calls: number; gas: number }[]
    }
    expect(trace.events.map(({ call }) => call)).to.include('output_set')
    expect(trace.functions.map(({ name }) => name)).to.include('enigma-entry/call')
    expect(trace.functions.reduce((sum, { gas }) => sum + gas, 0)).to.be.within(1, trace.gasUsed)

    const stranger = await enigma(`debug ${taskId}`, [], { ENIGMA_HOME: join(home, 'elsewhere') })
    expect([stranger.code, stranger.out]).to.deep.equal([1, []])
    expect(stranger.err[0]).to.match(/^CLI_NOT_REQUESTER: /)
    expect(stranger.err[1]).to.match(/^hint: /)
    const plain = JSON.parse((await enigma('call mine sub 7 3 --json')).out[0]!) as { taskId: string }
    const untraced = await enigma(`debug ${plain.taskId}`)
    expect(untraced.err[0]).to.match(/^CLI_NO_TRACE: /)
    expect(untraced.err[1]).to.match(/^hint: .*--trace/)
    expect((await enigma(`debug 0x${'ab'.repeat(32)}`)).err[0]).to.match(/^TASK_UNKNOWN: /)
  })

  it('exits 1 with a code and a hint for a contract that does not exist', async () => {
    const wrong = await enigma('call nobody sub 76 17')
    expect(wrong.code).to.equal(1)
    expect(wrong.err).to.deep.equal([
      'CLI_CONTRACT: No contract named nobody was deployed from here.',
      'hint: Known: mine'
    ])
  })

  it('shows the state of every worker', async () => {
    const { devnet } = shared()
    const status = await enigma('worker status')

    expect(status.code).to.equal(0)
    const lines = status.out.filter(line => !line.startsWith(' ')) // below a worker stand its alarms
    expect(lines).to.have.length(devnet.workers.length)
    for (const line of lines) expect(line).to.include('logged-in').and.to.include('SIMULATION')
  })

  it('asks a function that writes nothing, without a transaction', async () => {
    const asked = await enigma('query mine sub 76 17')
    expect([asked.code, asked.out]).to.deep.equal([0, ['59']])
    expect(asked.err).to.have.length(1)
    expect(asked.err[0]).to.match(/^certified +block \d+, 1 deltas, by 0x[0-9a-f]{40}$/)
    const failed = await enigma('query mine div 1 0')
    expect(failed.code).to.equal(1)
    expect(failed.err[0]).to.match(/^QUERY_FAILED: .*divi/i)
  })

  it('ranks all workers, and speaks of a refund, though no worker can be reached', async () => {
    const { devnet } = shared()
    const nobody = { ENIGMA_RPC: 'http://127.0.0.1:1' }
    const ranking = await enigma('worker status --all', [], nobody)
    expect(ranking.code).to.equal(0)
    expect(ranking.out).to.have.length(1 + devnet.workers.length)
    expect(ranking.out[0]).to.match(/^rank +operator +state/)
    for (const line of ranking.out.slice(1)) expect(line).to.match(/ {2}logged-in .* \d+\.\d %$/)
    const lines = (await enigma('worker status --all --json', [], nobody)).out
    const workers = lines.map(line => JSON.parse(line) as { earned: string; uptime: number; stakeShare: number })
    expect(workers.reduce((sum, { earned }) => sum + BigInt(earned), 0n) > 0n).to.equal(true)
    for (const { uptime, stakeShare } of workers) {
      expect(uptime).to.be.within(0.01, 1)
      expect(stakeShare).to.be.within(0.3, 0.4)
    }

    const called = await enigma('call mine sub 3 2 --json')
    const { taskId } = JSON.parse(called.out[0]!) as { taskId: string }
    const refund = await enigma(`task refund ${taskId}`, [], nobody)
    expect(refund.err[0]).to.match(/^TASK_SETTLED: /)
  })
})
