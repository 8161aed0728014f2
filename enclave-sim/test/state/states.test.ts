import { expect } from 'chai'
import fc from 'fast-check'
import {
  ZERO_HASH,
  codeHashOf,
  deltaHashOf,
  hash,
  nextHead,
  scAddr,
  sealDelta,
  toHex,
  type Hash,
  type Hex
} from '@enigma/protocol'
import { AheadRuns } from '../../src/state/ahead-runs.ts'
import { CodeCache } from '../../src/state/code-cache.ts'
import { ContractStates } from '../../src/state/contract-states.ts'

const A = scAddr(`0x${'aa'.repeat(32)}`)
const B = scAddr(`0x${'bb'.repeat(32)}`)
const key = new Uint8Array(32).fill(5)
const keyOf = () => key
type Writes = [Hex, Uint8Array | null][]

/** Deltas that follow each other, as enclaves make them. */
function chain(all: Writes[], contract = A): { deltas: Uint8Array[]; heads: Hash[] } {
  const deltas: Uint8Array[] = []
  const heads: Hash[] = [ZERO_HASH]
  for (const [index, writes] of all.entries()) {
    const runDigest = hash(toHex(new Uint8Array(32).fill(index + 1)))
    const header = { scAddr: contract, index, generation: 0, prevHead: heads.at(-1)!, runDigest }
    deltas.push(sealDelta(key, header, new Map(writes)))
    heads.push(nextHead(heads.at(-1)!, deltaHashOf(deltas.at(-1)!)))
  }
  return { deltas, heads }
}

describe('state/contract-states', () => {
  it('comes to the same state as the writes in order, in calls of any size', () => {
    const write = fc.tuple(
      fc.constantFrom<Hex>('0x01', '0x02', '0x0102', '0xff'),
      fc.option(fc.uint8Array({ maxLength: 40 }), { nil: null })
    )
    const deltasOfWrites = fc.array(fc.uniqueArray(write, { selector: ([name]) => name, maxLength: 4 }), {
      maxLength: 8
    })
    fc.assert(
      fc.property(deltasOfWrites, fc.integer({ min: 1, max: 4 }), (all, perCall) => {
        const { deltas, heads } = chain(all)
        const states = new ContractStates(64)
        for (let at = 0; at < deltas.length; at += perCall) states.apply(A, deltas.slice(at, at + perCall), keyOf)
        const expected = new Map<Hex, Uint8Array>()
        for (const [name, value] of all.flat()) {
          if (value) expected.set(name, value)
          else expected.delete(name)
        }
        const { entries, deltaCount, headHash, bytes } = states.get(A)
        expect(new Map(entries)).to.deep.equal(expected)
        expect(deltaCount).to.equal(all.length)
        expect(headHash).to.equal(heads.at(-1))
        const size = [...expected].reduce((sum, [name, value]) => sum + (name.length - 2) / 2 + value.length, 0)
        expect(bytes).to.equal(size)
      }),
      { numRuns: 200 }
    )
  })

  it('keeps a state that somebody holds as it was', () => {
    const { deltas } = chain([[['0x01', Uint8Array.of(1)]], [['0x01', Uint8Array.of(2)]]])
    const states = new ContractStates(64)
    states.apply(A, deltas.slice(0, 1), keyOf)
    const held = states.get(A)
    states.apply(A, deltas.slice(1), keyOf)

    expect(held.entries.get('0x01')).to.deep.equal(Uint8Array.of(1))
    expect(states.get(A).entries.get('0x01')).to.deep.equal(Uint8Array.of(2))
  })

  it('refuses a delta that is altered, out of order, of another contract, or under another key, and stays as it was', () => {
    const writes: Writes[] = [[['0x01', Uint8Array.of(1)]], [['0x01', Uint8Array.of(2)]], [['0x01', Uint8Array.of(3)]]]
    const { deltas } = chain(writes)
    const fork = chain([[['0x01', Uint8Array.of(9)]], [['0x01', Uint8Array.of(8)]]]).deltas
    const bent = deltas[1]!.slice()
    bent[bent.length - 1]! ^= 1
    const states = new ContractStates(64)
    states.apply(A, deltas.slice(0, 1), keyOf)
    const before = states.get(A)
    const refused: [string, Uint8Array, () => Uint8Array][] = [
      ['again', deltas[0]!, keyOf],
      ['too far', deltas[2]!, keyOf],
      ['another history', fork[1]!, keyOf],
      ['altered', bent, keyOf],
      ['cut', deltas[1]!.subarray(0, 100), keyOf],
      ['nothing', new Uint8Array(), keyOf],
      ['another key', deltas[1]!, () => new Uint8Array(32)],
      ['another contract', chain(writes, B).deltas[1]!, keyOf]
    ]
    for (const [what, delta, keys] of refused) {
      expect(() => states.apply(A, [delta], keys), what).to.throw('The delta was refused')
      expect(states.get(A), what).to.equal(before)
    }
    expect(() => states.apply(A, [deltas[1]!, deltas[1]!], keyOf), 'the second does not fit').to.throw('refused')
    expect(states.get(A).deltaCount, 'the first of them stays').to.equal(2)
  })

  it('binds the whole header to the ciphertext', () => {
    const { deltas } = chain([[['0x01', Uint8Array.of(1)]]])
    for (let at = 1; at < 1 + 32 + 8 + 4 + 32 + 32; at++) {
      const bent = deltas[0]!.slice()
      bent[at]! ^= 1
      expect(() => new ContractStates(64).apply(A, [bent], keyOf), `byte ${at}`).to.throw('The delta was refused')
    }
  })

  it('refuses a state above 4 MiB, and starts anew after a drop', () => {
    const value = new Uint8Array(60_000)
    const many: Writes[] = Array.from({ length: 24 }, (_, i): Writes =>
      [0, 1, 2].map(j => [toHex(Uint8Array.of(i, j)), value])
    )
    const { deltas } = chain(many)
    const states = new ContractStates(64)

    expect(() => states.apply(A, deltas, keyOf)).to.throw('larger than a contract may have')
    expect(states.get(A).deltaCount).to.equal(23)
    states.drop(A)
    expect(states.get(A)).to.include({ deltaCount: 0, headHash: ZERO_HASH, bytes: 0 })
    expect(states.size).to.equal(0)
  })
})

describe('state/ahead-runs', () => {
  const digest = (i: number): Hash => hash(`0x${i.toString(16).padStart(64, '0')}`)
  const run = (contract: typeof A, bytes: number) => ({
    scAddr: contract,
    epoch: 1,
    generation: 0,
    callsBack: false,
    delta: { hash: ZERO_HASH, writes: new Map<Hex, Uint8Array>([['0x01', new Uint8Array(bytes)]]) }
  })

  it('keeps 64 MiB of writes and 4,096 runs, the newest', () => {
    const runs = new AheadRuns()
    for (let i = 0; i < 200; i++) runs.keep(digest(i), run(A, 512 * 1024 - 4))
    expect(runs.get(digest(199 - 127))).not.to.equal(undefined)
    expect(runs.get(digest(199 - 128))).to.equal(undefined)
    for (let i = 0; i < 4096; i++) runs.keep(digest(1000 + i), run(A, 0))
    expect(runs.get(digest(199))).to.equal(undefined)
    expect(runs.get(digest(1000))).not.to.equal(undefined)
  })

  it('counts a run that is made again once, and drops those of one contract', () => {
    const runs = new AheadRuns()
    runs.keep(digest(2), run(B, 8))
    for (let i = 0; i < 300; i++) runs.keep(digest(1), run(A, 512 * 1024))
    expect(runs.get(digest(2))).not.to.equal(undefined)
    runs.drop(A)
    expect([runs.get(digest(1)), runs.get(digest(2))?.scAddr]).to.deep.equal([undefined, B])
  })
})

describe('state/code-cache', () => {
  it('finds code by the hash of its bytes', () => {
    const codes = new CodeCache()
    const code = Uint8Array.of(1, 2, 3)

    expect(codes.put(code)).to.equal(codeHashOf(code))
    expect(codes.get(codeHashOf(code))).to.deep.equal(code)
    expect(() => codes.get(ZERO_HASH)).to.throw('is not loaded')
  })

  it('lets the least used go above 64 codes or 16 MiB', () => {
    const codes = new CodeCache()
    const first = codes.put(Uint8Array.of(0, 0))
    const second = codes.put(Uint8Array.of(0, 1))
    for (let i = 2; i < 64; i++) codes.put(Uint8Array.of(0, i))
    codes.get(first)
    codes.put(Uint8Array.of(1, 0))
    expect(() => codes.get(second)).to.throw('is not loaded')
    expect(codes.get(first)).to.have.length(2)

    for (let i = 0; i < 40; i++) codes.put(new Uint8Array(512 * 1024).fill(i))
    expect(() => codes.get(first)).to.throw('is not loaded')
    expect(codes.get(codeHashOf(new Uint8Array(512 * 1024).fill(39)))).to.have.length(512 * 1024)
  })
})
