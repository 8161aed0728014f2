import { expect } from 'chai'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { add, tallyMocha } from '../../../tools/test/tally.ts'

describe('tools/tally', () => {
  let folder: string
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'enigma-tally-'))))
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  const reportOf = (passes: number, failures: string[] = [], pending: string[] = []): string => {
    const path = join(folder, 'report.json')
    const report = {
      stats: { passes, failures: failures.length, pending: pending.length },
      failures: failures.map(fullTitle => ({ fullTitle, err: { message: 'expected 1\nto be 2' } })),
      pending: pending.map(fullTitle => ({ fullTitle }))
    }
    writeFileSync(path, JSON.stringify(report))
    return path
  }

  it('counts what passed and names what failed', () => {
    const tally = tallyMocha('unit', reportOf(3, ['adds up']), 'it ended with exit code 1')
    expect(tally).to.deep.equal({ passed: 3, failed: 1, problems: ['unit: adds up: expected 1'] })
  })

  it('counts a suite that left no report as a failure', () => {
    expect(tallyMocha('unit', join(folder, 'none.json'), 'it was ended by SIGSEGV')).to.deep.include({
      passed: 0,
      failed: 1
    })
  })

  it('counts a suite that ended badly after its last test as a failure', () => {
    const tally = tallyMocha('unit', reportOf(3), 'it did not end within 300 s')
    expect(tally).to.deep.include({ passed: 3, failed: 1 })
    expect(tally.problems[0]).to.contain('did not end within 300 s')
  })

  it('counts a test that was switched off as a failure', () => {
    expect(tallyMocha('unit', reportOf(3, [], ['later']), undefined)).to.deep.include({ passed: 3, failed: 1 })
  })

  it('counts a suite without tests as a failure', () => {
    expect(tallyMocha('unit', reportOf(0), undefined)).to.deep.include({ passed: 0, failed: 1 })
  })

  it('adds up', () => {
    const one = { passed: 2, failed: 1, problems: ['a'] }
    expect(add([one, one])).to.deep.equal({ passed: 4, failed: 2, problems: ['a', 'a'] })
  })
})
