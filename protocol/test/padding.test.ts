import { expect } from 'chai'
import { bucketOf, fineBucketOf, pad, unpad } from '../src/index.ts'

describe('protocol/padding', () => {
  it('has buckets of 256 * 2^n, and finer ones an eighth apart', () => {
    expect([0, 252, 253, 508, 509, 65_532].map(bucketOf)).to.deep.equal([256, 256, 512, 512, 1024, 65_536])
    expect([0, 252, 253, 2044, 2045, 2300, 2301, 4092, 4093].map(fineBucketOf)).to.deep.equal([
      256, 256, 512, 2048, 2304, 2304, 2560, 4096, 4608
    ])
    expect(fineBucketOf(6 * 1024 * 1024 - 4)).to.equal(6 * 1024 * 1024)
  })

  it('wastes an eighth at most above 2 KiB, and never leaves two buckets for one length', () => {
    let last = 0
    for (let length = 0; length < 70_000; length++) {
      const bucket = fineBucketOf(length)
      expect(bucket >= last && bucket >= length + 4, String(length)).to.equal(true)
      if (length > 2048) expect(bucket - length - 4).to.be.below((length + 4) / 8)
      last = bucket
    }
  })

  for (const bucket of [bucketOf, fineBucketOf]) {
    it(`takes off what it put on, and refuses anything else (${bucket.name})`, () => {
      for (const length of [0, 1, 252, 253, 3000, 9999]) {
        const data = new Uint8Array(length).fill(7)
        const padded = pad(data, bucket)
        expect(unpad(padded, bucket)).to.deep.equal(data)
        expect(() => unpad(new Uint8Array([...padded, ...new Uint8Array(256)]), bucket)).to.throw('padding is wrong')
        const bent = padded.slice()
        bent[padded.length - 1] = 1
        if (length + 4 < padded.length) expect(() => unpad(bent, bucket)).to.throw('padding is wrong')
      }
      expect(() => unpad(new Uint8Array(), bucket)).to.throw('padding is wrong')
    })
  }
})
