import { expect } from 'chai'
import { ClientError } from '../../src/errors.ts'
import { Workers } from '../../src/rpc/workers.ts'

describe('enigma-js/rpc/workers', () => {
  const silent = (url: string): ClientError =>
    new ClientError({ code: 'WORKER_UNREACHABLE', url }, `The worker at ${url} did not answer.`)

  it('asks the one that answered last first', async () => {
    const workers = new Workers(['http://a', 'http://b', 'http://c'])
    expect(
      await workers.any(url => (url === 'http://b' ? Promise.resolve(url) : Promise.reject(silent(url))))
    ).to.equal('http://b')
    expect(workers.urls[0]).to.equal('http://b')
  })

  it('asks one that did not answer last, also if none of the others did what was asked', async () => {
    const workers = new Workers(['http://asleep', 'http://b', 'http://c'])
    const asked: string[] = []
    const stale = new Error('the epoch is over')
    const work = (url: string): Promise<never> => {
      asked.push(url.slice('http://'.length))
      return Promise.reject(url === 'http://asleep' ? silent(url) : stale)
    }
    for (let times = 0; times < 2; times++)
      expect(await workers.any(work).catch((error: unknown) => error)).to.equal(stale)
    expect(asked).to.deep.equal(['asleep', 'b', 'c', 'b', 'c', 'asleep'])
  })
})
