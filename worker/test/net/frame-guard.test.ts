import { expect } from 'chai'
import { FrameGuard } from '../../src/net/frame-guard.ts'

/** A message of `length` bytes behind its varint length. */
function message(length: number): number[] {
  const prefix: number[] = []
  for (let left = length; ; left >>>= 7) {
    prefix.push((left & 0x7f) | (left > 0x7f ? 0x80 : 0))
    if (left <= 0x7f) return [...prefix, ...Array<number>(length).fill(0xff)]
  }
}

describe('net/frame-guard', () => {
  it('lets messages through however they are cut', () => {
    const bytes = Uint8Array.from([1, 2, 127, 128, 300, 70_000].flatMap(message))
    for (const size of [1, 2, 3, 7, 1_000, bytes.length]) {
      const guard = new FrameGuard(70_000)
      for (let at = 0; at < bytes.length; at += size) {
        expect(guard.allows(bytes.subarray(at, at + size))).to.equal(true)
      }
    }
    expect(new FrameGuard(70_000).allows([bytes.subarray(0, 5), bytes.subarray(5)])).to.equal(true)
  })

  it('stops at a length that is too large, too long, or nothing', () => {
    const of = (...bytes: number[]): boolean => new FrameGuard(1_000).allows(Uint8Array.from(bytes))
    expect(of(...message(1_000))).to.equal(true)
    expect(of(...message(1_001).slice(0, 2))).to.equal(false) // before a byte of it came
    expect(of(0xff, 0xff, 0xff, 0xff)).to.equal(false)
    expect(of(0x80, 0x80, 0x80, 0x80)).to.equal(false)
    expect(of(0x80, 0x80, 0x80)).to.equal(true) // not whole yet
    expect(of(0)).to.equal(false)
    expect(of(...message(5), 0)).to.equal(false)
  })
})
