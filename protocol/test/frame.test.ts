import { expect } from 'chai'
import fc from 'fast-check'
import { frameBytes, frameSplitter, MAX_FRAME_BYTES } from '../src/index.ts'

const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31)

describe(`protocol/enclave/frame (seed ${seed})`, () => {
  it('gives the same frames however the bytes are cut', () => {
    const frame = fc.record({
      type: fc.integer({ min: 0, max: 2 }),
      id: fc.nat(0xffffffff),
      method: fc.nat(255),
      payload: fc.uint8Array({ maxLength: 300 })
    })
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 6 }), fc.array(fc.integer({ min: 1, max: 40 })), (frames, cuts) => {
        const stream = Buffer.concat(frames.map(frameBytes))
        const split = frameSplitter()
        const found = []
        let at = 0
        for (const cut of [...cuts, stream.length + 1]) {
          found.push(...split(stream.subarray(at, at + cut)))
          at = Math.min(stream.length, at + cut)
        }
        expect(found.map(f => ({ ...f, payload: [...f.payload] }))).to.deep.equal(
          frames.map(f => ({ ...f, payload: [...f.payload] }))
        )
      }),
      { seed, numRuns: 200 }
    )
  })

  for (const length of [0, 6, MAX_FRAME_BYTES + 1, 2 ** 31, 2 ** 32 - 1]) {
    it(`refuses a length of ${length} as soon as it has read it`, () => {
      const head = new Uint8Array(4)
      new DataView(head.buffer).setUint32(0, length)
      expect(() => frameSplitter()(head)).to.throw('was refused')
    })
  }

  it('refuses an unknown version and an unknown type', () => {
    const good = frameBytes({ type: 0, id: 1, method: 2, payload: new Uint8Array(0) })
    const version = good.slice()
    version[4] = 9
    const type = good.slice()
    type[5] = 7
    expect(() => frameSplitter()(version)).to.throw('version 9')
    expect(() => frameSplitter()(type)).to.throw('frame type 7')
  })
})
