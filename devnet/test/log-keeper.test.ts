import { expect } from 'chai'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { LogKeeper } from '../src/log-keeper.ts'
import { temporaryFolder } from './helpers.ts'

describe('devnet/log-keeper', () => {
  it('joins pieces to lines, shows each once, and writes all to a file only its owner may read', () => {
    const folder = temporaryFolder()
    const shown: string[] = []
    const file = join(folder.path, 'logs', 'x.log')
    const log = new LogKeeper({ file, onLine: line => void shown.push(line) })
    log.write('one\ntw')
    log.write('o\u001b[0m\r\nthree')
    expect(shown).to.deep.equal(['one', 'two'])
    log.close()
    expect(log.lines()).to.deep.equal(['one', 'two', 'three'])
    expect(readFileSync(file, 'utf8')).to.equal('one\ntwo\nthree\n')
    expect(statSync(file).mode & 0o777).to.equal(0o600)
    folder.remove()
  })

  it('keeps only the last lines in memory, and cuts a line that never ends', () => {
    const log = new LogKeeper()
    log.write('x\n'.repeat(5_000))
    expect(log.lines()).to.have.length(2_000)
    log.write('y'.repeat(30_000))
    expect(log.lines(1)[0]).to.have.length(20_000)
  })

  it('tells the lines of a process from those of the one before it', () => {
    const log = new LogKeeper()
    log.write('old\n')
    log.beginRun()
    expect(log.linesOfRun()).to.deep.equal([])
    log.write('new\n')
    expect(log.linesOfRun()).to.deep.equal(['new'])
    expect(log.lines()).to.deep.equal(['old', 'new'])
  })
})
