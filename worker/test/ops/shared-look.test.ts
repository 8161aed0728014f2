import { expect } from 'chai'
import { SharedLook } from '../../src/ops/shared-look.ts'

describe('ops/shared-look', () => {
  const sleep = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))

  it('looks once for all who ask meanwhile, and again for whoever asks later', async () => {
    const looks = new SharedLook<string, number>(0)
    let count = 0
    const look = async (): Promise<number> => {
      await sleep(5)
      return ++count
    }
    expect(await Promise.all([looks.at('a', look), looks.at('a', look), looks.at('b', look)])).to.deep.equal([1, 1, 2])
    await sleep(5)
    expect(await looks.at('a', look)).to.equal(3)
  })

  it('keeps an answer as long as it is told to, and shares a failure without keeping it for ever', async () => {
    const looks = new SharedLook<string, number>(60_000)
    expect(await looks.at('a', () => Promise.resolve(1))).to.equal(1)
    expect(await looks.at('a', () => Promise.resolve(2))).to.equal(1)
    const short = new SharedLook<string, number>(1)
    const failing = (): Promise<number> => Promise.reject(new Error('not now'))
    const both = await Promise.allSettled([short.at('a', failing), short.at('a', failing)])
    expect(both.map(({ status }) => status)).to.deep.equal(['rejected', 'rejected'])
    await sleep(10)
    expect(await short.at('a', () => Promise.resolve(3))).to.equal(3)
  })

  it('holds a bounded number of answers', async () => {
    const looks = new SharedLook<number, number>(60_000)
    for (let i = 0; i < 2_000; i++) await looks.at(i, () => Promise.resolve(i))
    expect(await looks.at(1_999, () => Promise.resolve(-1))).to.equal(1_999)
    expect(await looks.at(0, () => Promise.resolve(-1)), 'the oldest was let go').to.equal(-1)
  })
})
