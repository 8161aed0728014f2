import { expect } from 'chai'
import { createLogger } from '../../src/ops/log.ts'
import { untilThere } from '../../src/roles/until-there.ts'

describe('roles/until-there', () => {
  const lines: string[] = []
  const log = createLogger({ write: line => lines.push(line) })
  const base = { log, what: 'a principal', signal: new AbortController().signal, pauseMs: 1, lookMs: 20 }
  beforeEach(() => void lines.splice(0))

  it('looks again after nothing, a failure, and a look that hangs', async () => {
    const answers = [
      () => Promise.resolve(null),
      () => Promise.reject(new Error('the node is away')),
      () => new Promise<null>(() => undefined),
      () => Promise.resolve('found')
    ]
    expect(await untilThere(() => answers.shift()!(), base)).to.equal('found')
    const failures = lines.filter(line => line.includes('could not look for a principal'))
    expect(failures).to.have.lengthOf(2)
    expect(failures[0]).to.contain('the node is away')
  })

  it('says from time to time that it is waiting, and for what', async () => {
    let looks = 0
    await untilThere(() => Promise.resolve(++looks > 20 ? looks : null), { ...base, reminderMs: 5 })
    expect(lines.some(line => line.includes('still waiting for a principal'))).to.equal(true)
  })

  it('gives up after what does not pass', async () => {
    const isPassing = (error: unknown): boolean => (error as Error).message === 'passes'
    const answers = ['passes', 'is for ever'].map(text => () => Promise.reject(new Error(text)))
    const error = await untilThere(() => answers.shift()!(), { ...base, isPassing, lookMs: null }).catch(
      (e: Error) => e
    )
    expect((error as Error).message).to.equal('is for ever')
  })

  it('ends with the node', async () => {
    const stop = new AbortController()
    const waiting = untilThere(() => new Promise<null>(() => undefined), {
      ...base,
      lookMs: 60_000,
      signal: stop.signal
    })
    stop.abort(new Error('the node stops'))
    const error = await waiting.then(
      () => null,
      (e: Error) => e
    )
    expect(error?.message).to.equal('the node stops')
  })
})
