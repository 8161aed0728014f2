import { expect } from 'chai'
import { commands, run } from '../src/index.ts'
import { testIo } from './support/io.ts'

/** No devnet of this machine's user is in sight. */
const alone = { ENIGMA_HOME: '/nonexistent' }

describe('cli/run', () => {
  const saved = process.env.ENIGMA_HOME
  before(() => void (process.env.ENIGMA_HOME = alone.ENIGMA_HOME)) // devnet reads it there
  after(() => {
    if (saved === undefined) delete process.env.ENIGMA_HOME
    else process.env.ENIGMA_HOME = saved
  })

  it('shows all commands, and each one its own help', async () => {
    const io = testIo()
    expect(await run(['--help'], io)).to.equal(0)
    for (const { command } of commands) {
      expect(io.outLines.join('\n')).to.include(command)
      const own = testIo()
      expect(await run([...command.split(' '), '--help'], own)).to.equal(0)
      expect(own.outLines[0]).to.include(`usage: enigma ${command}`)
    }
    expect(io.outLines.join('\n')).to.include('SIMULATION')
  })

  const wrong: [string[], string][] = [
    [['nonsense'], 'CLI_USAGE: There is no command'],
    [['task'], 'CLI_USAGE: There is no command'],
    [['task', 'watch'], 'CLI_USAGE: TaskId is missing.'],
    [['task', 'watch', '0x01', 'more'], 'CLI_USAGE: There is one argument too many'],
    [['call', 'x'], 'CLI_USAGE: Function is missing.'],
    [['call', 'x', 'y', '--nope'], 'CLI_USAGE: Unknown option'],
    [['compile', '/nonexistent.ts'], 'COMPILE_NO_FILE: '],
    [['deploy', 'no-such-sample'], 'CLI_CONTRACT: '],
    [['deploy', '../../etc/passwd'], 'CLI_CONTRACT: '],
    [['deploy', 'calculator', '7'], 'CLI_ARGUMENT: '],
    [['deploy', 'calculator'], 'CLI_NO_NETWORK: '],
    [['call', 'x', 'y'], 'CLI_NO_NETWORK: '],
    [['worker', 'status'], 'CLI_NO_NETWORK: '],
    [['devnet', 'up', '--workers', 'many'], 'CLI_USAGE: --workers takes a whole number.']
  ]
  for (const [words, error] of wrong) {
    it(`refuses \`enigma ${words.join(' ')}\` in one sentence`, async () => {
      const io = testIo(alone)

      expect(await run(words, io)).to.equal(1)
      expect(io.errLines[0]).to.include(error)
      expect(io.errLines.join('\n')).to.not.include('    at ') // no stack
      expect(io.outLines).to.deep.equal([])
    })
  }

  const network = [
    '--rpc',
    'http://127.0.0.1:1',
    '--chain-url',
    'http://127.0.0.1:1',
    '--enigma',
    `0x${'12'.repeat(20)}`
  ]

  it('takes accounts by number on the devnet only', async () => {
    const io = testIo(alone)

    expect(await run(['call', 'x', 'y', ...network, '--account', '11'], io)).to.equal(1)
    expect(io.errLines[0]).to.include('CLI_ACCOUNT')
  })

  it('says so when the chain does not answer', async () => {
    const io = testIo(alone)

    expect(await run(['task', 'watch', `0x${'12'.repeat(32)}`, ...network], io)).to.equal(1)
    expect(io.errLines[0]).to.match(/^CHAIN_UNREACHABLE: /)
    expect(io.errLines[1]).to.match(/^hint: /)
  })

  it('tells of each worker that does not answer', async () => {
    const io = testIo(alone)

    expect(await run(['worker', 'status', '--rpc', 'http://127.0.0.1:1'], io)).to.equal(1)
    expect(io.outLines).to.deep.equal(['http://127.0.0.1:1  WORKER_UNREACHABLE'])
  })
})
