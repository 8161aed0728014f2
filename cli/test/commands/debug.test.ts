import { expect } from 'chai'
import type { TaskInspection, TaskTrace } from 'enigma-js'
import { requireTrace } from '../../src/commands/debug.ts'
import { readableKey, traceReport } from '../../src/trace-report.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const NOTHING = new Uint8Array(0)
const hex = (byte: string): `0x${string}` => `0x${byte.repeat(32)}`

const trace: TaskTrace = {
  gasUsed: 12_345,
  functions: [
    { index: 9, calls: 1, gas: 9_000 },
    { index: 7, calls: 12, gas: 40 }
  ],
  host: [{ call: 'state_write', calls: 1, gas: 3_000 }],
  events: [
    { call: 'state_write', gasUsed: 4_000, key: Uint8Array.of(...bytes('votes/'), 0, 255), size: 32, data: NOTHING },
    { call: 'log', gasUsed: 12_000, key: NOTHING, size: 5, data: bytes('hi\x1b[2J') }
  ],
  truncated: false
}

/** Of the parts that are looked at only. */
const seen = (change: object): TaskInspection =>
  ({
    taskId: hex('11'),
    kind: 'call',
    scAddr: hex('22'),
    record: { gasLimit: 100_000_000n },
    settlement: { outcome: 'verified', block: 7 },
    seats: [],
    log: null,
    trace: null,
    ...change
  }) as unknown as TaskInspection

describe('cli/commands/debug', () => {
  it('shows calls with state keys, the log, and gas by function', () => {
    const lines = traceReport(requireTrace(seen({ trace, log: ['hi\x1b[2J'] })), index => `f${index}`)

    expect(lines).to.deep.equal([
      `task      ${hex('11')}`,
      `contract  ${hex('22')}, call, verified in block 7`,
      'gas       12,345 of 100,000,000',
      '',
      'Log',
      '  hi?[2J',
      '',
      'Calls, in order',
      '  gas so far  bytes  call         state key or text',
      '       4,000     32  state_write  votes/\\x00\\xff',
      '      12,000      5  log          hi?[2J',
      '',
      'Gas by function of the contract',
      '    gas  calls  function',
      '  9,000      1  f9',
      '     40     12  f7',
      '',
      'Gas by call of the platform',
      '    gas  calls  call',
      '  3,000      1  state_write'
    ])
  })

  it('says that a trace was cut, and that a part is empty', () => {
    const empty = { gasUsed: 1, functions: [], host: [], events: [], truncated: true }
    const lines = traceReport(requireTrace(seen({ trace: empty })), String)

    expect(lines).to.include('Calls, in order: none').and.to.include('Log: none')
    expect(lines.at(-1)).to.include('limit')
  })

  const refusals: [string, object, string][] = [
    ['of somebody else', { seats: null }, 'CLI_NOT_REQUESTER'],
    ['that is open', { settlement: null }, 'CLI_TASK_OPEN'],
    ['that was sent without --trace', {}, 'CLI_NO_TRACE'],
    ['whose run does not count', { settlement: { outcome: 'callback-failed' } }, 'CLI_NO_TRACE']
  ]
  for (const [what, change, code] of refusals) {
    it(`has no trace of a task ${what}, and says what to do`, () => {
      expect(() => requireTrace(seen(change)))
        .to.throw()
        .that.includes({ code })
        .and.has.property('hint')
        .that.is.a('string')
    })
  }

  it('shows bytes of a key that are no text in hex', () => {
    expect(readableKey(Uint8Array.of(0x61, 0x00, 0x7f, 0xff))).to.equal('a\\x00\\x7f\\xff')
  })
})
