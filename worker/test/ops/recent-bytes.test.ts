import { expect } from 'chai'
import { RecentBytes } from '../../src/ops/recent-bytes.ts'

describe('ops/recent-bytes', () => {
  it('keeps what was set last, up to its bytes, and nothing that is larger by itself', () => {
    const recent = new RecentBytes<string, number>(10)
    recent.set('a', 1, 6)
    recent.set('b', 2, 4)
    expect([recent.get('a'), recent.get('b')]).to.deep.equal([1, 2])
    recent.set('c', 3, 1)
    expect([recent.get('a'), recent.get('b'), recent.get('c')]).to.deep.equal([undefined, 2, 3])
    recent.set('b', 4, 9) // in place of the other b
    expect([recent.get('b'), recent.get('c')]).to.deep.equal([4, 3])
    recent.set('d', 5, 11)
    expect([recent.get('d'), recent.get('b')]).to.deep.equal([undefined, 4])
    recent.delete('b')
    recent.set('e', 6, 9)
    expect([recent.get('b'), recent.get('c'), recent.get('e')]).to.deep.equal([undefined, 3, 6])
  })

  it('keeps no more values than it may, however small they are', () => {
    const recent = new RecentBytes<number, number>(1_000_000, 3)
    for (let i = 0; i < 5; i++) recent.set(i, i, 1)
    expect([0, 1, 2, 3, 4].map(i => recent.get(i))).to.deep.equal([undefined, undefined, 2, 3, 4])
  })
})
