import { expect } from 'chai'
import fc from 'fast-check'
import {
  ZERO_HASH,
  codeOf,
  deltaHashOf,
  keccak256,
  nextHead,
  scAddr,
  sealDelta,
  utf8,
  type Hash,
  type Hex
} from '@enigma/protocol'
import { ContractStates, type ContractState } from '../../src/state/contract-states.ts'

const A = scAddr(`0x${'aa'.repeat(32)}`)
const B = scAddr(`0x${'bb'.repeat(32)}`)
const key = new Uint8Array(32).fill(5)
const keyOf = () => key
type Writes = readonly (readonly [Hex, Uint8Array | null])[]

/** A branch of a contract's history, as enclaves make it. */
class Branch {
  readonly contract: typeof A
  readonly deltas: readonly Uint8Array[]
  readonly heads: readonly Hash[] // heads[i]: after i deltas

  constructor(contract = A, deltas: readonly Uint8Array[] = [], heads: readonly Hash[] = [ZERO_HASH]) {
    this.contract = contract
    this.deltas = deltas
    this.heads = heads
  }

  get length(): number {
    return this.deltas.length
  }

  /** @param salt another one makes another delta of the same writes */
  grown(all: readonly Writes[], salt = ''): Branch {
    const deltas = [...this.deltas]
    const heads = [...this.heads]
    for (const writes of all) {
      const header = { scAddr: this.contract, index: deltas.length, generation: 0, prevHead: heads.at(-1)! }
      const runDigest = keccak256(utf8(`${salt}/${deltas.length}`))
      deltas.push(sealDelta(key, { ...header, runDigest }, new Map(writes)))
      heads.push(nextHead(heads.at(-1)!, deltaHashOf(deltas.at(-1)!)))
    }
    return new Branch(this.contract, deltas, heads)
  }

  cut(length: number): Branch {
    return new Branch(this.contract, this.deltas.slice(0, length), this.heads.slice(0, length + 1))
  }

  /** Its points from `from` down to `to`, as a host names them. */
  points(from: number, to = 0): readonly [number, Hash[]] {
    return [from, this.heads.slice(to, from + 1).reverse()]
  }
}

const replayed = ({ contract, deltas }: Branch): ContractState => {
  const states = new ContractStates(0)
  for (let at = 0; at < deltas.length; at += 64) states.apply(contract, deltas.slice(at, at + 64), keyOf)
  return states.get(contract)
}
const plain = ({ entries, ...rest }: ContractState) => ({ ...rest, entries: new Map([...entries].sort()) })
const put = (name: Hex, bytes: number, fill = 1): Writes => [[name, new Uint8Array(bytes).fill(fill)]]
const refusal = (work: () => void): string => {
  try {
    work()
    return 'done'
  } catch (error) {
    return codeOf(error)
  }
}

describe('state/undo', () => {
  it('comes to what a replay from nothing comes to, whatever is applied, undone and applied instead', () => {
    const value = fc.option(fc.uint8Array({ maxLength: 40 }), { nil: null })
    const writes = fc.uniqueArray(fc.tuple(fc.constantFrom<Hex>('0x01', '0x02', '0x0102', '0xff'), value), {
      selector: ([name]) => name,
      maxLength: 4
    })
    const step = fc.record({
      contract: fc.constantFrom(A, B),
      back: fc.nat(12),
      forward: fc.array(writes, { maxLength: 6 })
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), fc.constantFrom(1, 3, 8, 64), (steps, depth) => {
        const states = new ContractStates(depth)
        const branches = new Map([A, B].map(contract => [contract, new Branch(contract)]))
        const held = new Map([A, B].map(contract => [contract, 0])) // deltas that can be undone
        for (const [salt, { contract, back, forward }] of steps.entries()) {
          const before = branches.get(contract)!
          const target = Math.max(0, before.length - back)
          const undone = before.length - target
          if (undone > held.get(contract)!) {
            const same = states.get(contract)
            const [count, heads] = before.points(target)
            expect(refusal(() => states.revert(contract, count, heads))).to.equal('ENCLAVE_POINT_UNKNOWN')
            expect(states.get(contract), 'as it was').to.equal(same)
            continue
          }
          const other = before.cut(target).grown(forward, `${salt}`)
          states.revert(contract, ...other.points(Math.min(before.length, other.length)))
          expect(plain(states.get(contract)), 'gone back').to.deep.equal(plain(replayed(before.cut(target))))
          states.apply(contract, other.deltas.slice(target), keyOf)
          branches.set(contract, other)
          held.set(contract, Math.min(depth, held.get(contract)! - undone + forward.length))
          for (const [each, branch] of branches) {
            expect(plain(states.get(each))).to.deep.equal(plain(replayed(branch)))
          }
          expect(states.stateBytes).to.equal(states.get(A).bytes + states.get(B).bytes)
        }
        for (const contract of [A, B]) states.drop(contract)
        expect([states.undoBytes, states.stateBytes, states.size]).to.deep.equal([0, 0, 0])
      }),
      { numRuns: 200 }
    )
  })

  it('keeps a state that a run holds as it was', () => {
    const branch = new Branch().grown([put('0x01', 1, 1), put('0x01', 1, 2)])
    const states = new ContractStates(8)
    states.apply(A, branch.deltas, keyOf)
    const held = states.get(A)
    states.revert(A, ...branch.points(1))
    expect(states.get(A).entries.get('0x01')).to.deep.equal(Uint8Array.of(1))
    expect(held.entries.get('0x01')).to.deep.equal(Uint8Array.of(2))
  })

  it('goes nowhere for a point that is not of this history, or at another count, or of another contract', () => {
    const branch = new Branch().grown([put('0x01', 1), put('0x02', 1), put('0x01', 2)])
    const fork = branch.cut(1).grown([put('0x02', 1), put('0x01', 2)], 'fork')
    const other = new Branch(B).grown([put('0x01', 1)])
    const states = new ContractStates(8)
    states.apply(A, branch.deltas, keyOf)
    states.apply(B, other.deltas, keyOf)
    const [before, bytes] = [states.get(A), states.undoBytes]
    const wrong: readonly (readonly [string, number, readonly Hash[]])[] = [
      ['a fork', 3, [fork.heads[3]!, fork.heads[2]!]],
      ['a head at another count', 2, [branch.heads[1]!, branch.heads[2]!]],
      ['a head of another contract', 1, [other.heads[1]!]],
      ['beyond the tip', 4, [branch.heads[3]!]],
      ['nothing at a count', 2, [ZERO_HASH]],
      ['no head', 2, []]
    ]
    for (const [what, count, heads] of wrong) {
      expect(
        refusal(() => states.revert(A, count, heads)),
        what
      ).to.equal('ENCLAVE_POINT_UNKNOWN')
      expect(states.get(A), what).to.equal(before)
      expect(states.undoBytes, what).to.equal(bytes)
    }
    states.revert(A, ...fork.points(3))
    expect(states.get(A), 'the newest that is shared').to.include({ deltaCount: 1, headHash: branch.heads[1] })
  })

  it('lets go of the oldest beyond its depth, and of all with a drop or a snapshot', () => {
    const branch = new Branch().grown(Array.from({ length: 10 }, (_, i) => put('0x01', 1, i)))
    const states = new ContractStates(4)
    states.apply(A, branch.deltas, keyOf)
    expect(refusal(() => states.revert(A, ...branch.points(5)))).to.equal('ENCLAVE_POINT_UNKNOWN')
    states.revert(A, ...branch.points(6))
    expect(plain(states.get(A))).to.deep.equal(plain(replayed(branch.cut(6))))
    states.apply(A, branch.deltas.slice(6), keyOf)

    const { deltaCount, headHash, entries } = states.get(A)
    states.replace(A, { deltaCount, headHash, entries })
    expect(states.undoBytes).to.equal(0)
    expect(refusal(() => states.revert(A, ...branch.points(9)))).to.equal('ENCLAVE_POINT_UNKNOWN')
    const longer = branch.grown([put('0x02', 3)])
    states.apply(A, longer.deltas.slice(10), keyOf)
    states.revert(A, ...longer.points(10))
    expect(plain(states.get(A)), 'back to the snapshot').to.deep.equal(plain(replayed(branch)))
    states.drop(A)
    expect(refusal(() => states.revert(A, ...branch.points(9, 1)))).to.equal('ENCLAVE_POINT_UNKNOWN')
  })

  it('keeps at most so many bytes of all contracts, and lets the oldest go first', () => {
    const states = new ContractStates(1000, 50_000)
    const first = new Branch(B).grown([put('0x01', 1), put('0x01', 2)])
    states.apply(B, first.deltas, keyOf)
    const small = states.undoBytes
    const branch = new Branch().grown(Array.from({ length: 30 }, (_, i) => put('0x01', 4000, i)))
    states.apply(A, branch.deltas.slice(0, 8), keyOf)
    states.revert(B, ...first.points(1)) // still there; done again, it is not the oldest
    states.apply(B, first.deltas.slice(1), keyOf)
    states.apply(A, branch.deltas.slice(8), keyOf)
    expect(states.undoBytes)
      .to.be.above(50_000 - 5000 - small)
      .and.at.most(50_000)
    expect(
      refusal(() => states.revert(A, ...branch.points(18))),
      'the oldest'
    ).to.equal('ENCLAVE_POINT_UNKNOWN')
    expect(
      refusal(() => states.revert(B, ...first.points(1))),
      'older still'
    ).to.equal('ENCLAVE_POINT_UNKNOWN')
    states.revert(A, ...branch.points(21))
    expect(plain(states.get(A))).to.deep.equal(plain(replayed(branch.cut(21))))
  })
}).timeout(30_000)
