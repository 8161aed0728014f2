import { expect } from 'chai'
import { createLogger } from '../../src/ops/log.ts'

describe('ops/log', () => {
  const lines: string[] = []
  const options = { write: (line: string) => lines.push(line), now: () => new Date(0), name: 'worker1' } as const
  beforeEach(() => lines.splice(0))

  it('writes one JSON object a line for machines', () => {
    createLogger({ ...options, format: 'json' })
      .child('task')
      .warn('late', { block: 7, fee: 10n ** 20n, none: undefined })
    expect(JSON.parse(lines[0]!)).to.deep.equal({
      time: '1970-01-01T00:00:00.000Z',
      level: 'warn',
      name: 'worker1',
      component: 'task',
      message: 'late',
      block: 7,
      fee: '100000000000000000000'
    })
  })

  it('does not let foreign text forge a line, nor fill the disk', () => {
    createLogger(options).info('peer said', { text: `x\n1970 error worker forged\u001b[2J${'y'.repeat(2_000)}` })
    expect(lines).to.have.length(1)
    for (const forged of ['\n', '\u001b']) expect(lines[0]).not.to.contain(forged)
    expect(lines[0]!.length).to.be.lessThan(700)
  })

  it('leaves out what is below its level', () => {
    const log = createLogger({ ...options, level: 'warn' })
    log.info('quiet')
    log.error('loud')
    expect(lines).to.have.length(1)
  })
})
