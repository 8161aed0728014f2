import { expect } from 'chai'
import {
  MAX_ASIDE_BYTES,
  MAX_TRACE_EVENTS,
  ZERO_HASH,
  openTrace,
  sealTrace,
  toHex,
  utf8,
  type TaskTrace
} from '@enigma/protocol'
import { HOST_GAS } from '../../src/wasm/index.ts'
import { FAILURE_REASON } from '../../src/wasm/reasons.ts'
import { Op, call, testContract } from '../support/contract.ts'
import { assemble, type Code, type FunctionText } from './assemble.ts'
import { execute } from './support.ts'

const state = new Map([['0x6b' as const, utf8('value')]])
const trace = (callData: Uint8Array, change: object = {}): TaskTrace => {
  const result = execute(testContract, { callData, state, trace: true, ...change })
  return result.trace!
}
const calls = ({ events }: TaskTrace): string[] => events.map(event => event.call)

describe('wasm/trace', () => {
  it('is there only if it was asked for, and changes nothing of a run', () => {
    const runs: [Uint8Array, object][] = [
      [call(Op.get), {}],
      [call(Op.set, utf8('x')), {}],
      [call(Op.random), {}],
      [call(Op.divide), {}],
      [call(Op.fail), {}],
      [call(Op.spin), { gasLimit: 300_000n }],
      [call(Op.callback), { gasLimit: 100_000n }],
      [call(Op.set, utf8('x')), { readOnly: true }]
    ]
    for (const [callData, change] of runs) {
      const bare = execute(testContract, { callData, state, ...change })
      const { trace: seen, ...traced } = execute(testContract, { callData, state, trace: true, ...change })
      expect(bare).not.to.have.property('trace')
      expect(traced).to.deep.equal(bare)
      expect(seen!.gasUsed).to.equal(Number(bare.gasUsed))
    }
  })

  it('shows the calls in order, with state keys, sizes and gas', () => {
    const seen = trace(call(Op.get))
    expect(calls(seen)).to.deep.equal(['input_copy', 'state_read', 'output_set'])
    expect(seen.events[1]).to.deep.include({ key: utf8('k'), size: 5 })
    const gas = seen.events.map(event => event.gasUsed)
    expect(gas).to.deep.equal([...gas].sort((a, b) => a - b))
    expect(gas.at(-1)!).to.be.at.most(seen.gasUsed)
    expect(seen.host).to.deep.include({
      call: 'state_read',
      calls: 1,
      gas: HOST_GAS.stateRead.base + 5 * HOST_GAS.stateRead.perByte
    })
    expect(trace(call(Op.set, utf8('four'))).events.at(-1)).to.deep.include({ call: 'state_write', size: 4 })
  })

  it('shows how long the input is where the contract asks for it and copies it, which costs by its bytes', () => {
    const code = assemble({
      imports: ['input_length', 'input_copy'],
      memory: [1, 1],
      call: ['call 0', 'drop', 'i32.const 16', 'call 1', 'i32.const -1', 'call 1']
    })
    const sizes = ({ events }: TaskTrace): unknown[] => events.map(({ call, size }) => [call, size])
    for (const length of [0, 5, 300]) {
      const result = execute(code, { callData: new Uint8Array(length), trace: true })
      expect(sizes(result.trace!)).to.deep.equal([
        ['input_length', length],
        ['input_copy', length],
        ['input_copy', length] // out of bounds: it ends the run, and is shown like any call that does
      ])
    }
  })

  it('counts gas and calls of every function of the contract', () => {
    const helper: Code = ['i32.const 1', 'drop']
    const functions: FunctionText[] = [{ type: '->', body: helper }]
    const code = assemble({ imports: ['log'], functions, call: ['call 1', 'call 1', 'call 1'] })
    const result = execute(code, { trace: true })
    expect(result.ok).to.equal(true)
    const counted = new Map(result.trace!.functions.map(f => [f.index, f.calls]))
    expect(counted.get(1), 'index 1: after the import').to.equal(3)
    expect([...counted.values()].sort()).to.deep.equal([1, 3])
  })

  it('shows what a failed run did, up to the call that ended it', () => {
    expect(calls(trace(call(Op.fail)))).to.deep.equal(['input_copy', 'revert'])
    expect(calls(trace(call(Op.set, utf8('x')), { readOnly: true })).at(-1)).to.equal('state_write')
    const spinning = trace(call(Op.spin), { gasLimit: 300_000n })
    expect(spinning.functions[0]!.gas, 'and where an endless loop is').to.be.greaterThan(200_000)
    expect(trace(call(Op.get), { gasLimit: 1n })).to.deep.include({ events: [], functions: [] })
  })

  it('shows log entries', () => {
    const code = assemble({
      imports: ['log'],
      memory: [1, 1],
      data: [[0, utf8('hello')]],
      call: ['i32.const 0', 'i32.const 5', 'call 0']
    })
    const { events } = execute(code, { trace: true }).trace!
    expect(events).to.have.length(1)
    expect(events[0]).to.deep.include({ call: 'log', data: utf8('hello'), size: 5 })
  })

  it('keeps its bounds, says so, and still sums up everything', () => {
    const read: Code = ['i32.const 0', 'i32.const 250', 'i32.const 0', 'i32.const 0', 'call 0', 'drop']
    const many = assemble({
      imports: ['state_read'],
      memory: [1, 1],
      call: Array.from({ length: 3000 }, () => read).flat()
    })
    const seen = execute(many, { trace: true, gasLimit: 100_000_000n }).trace!
    expect(seen.truncated).to.equal(true)
    expect(seen.events.length).to.be.within(100, MAX_TRACE_EVENTS)
    expect(seen.host).to.deep.include({ call: 'state_read', calls: 3000, gas: 3000 * HOST_GAS.stateRead.base })
    const cek = new Uint8Array(32)
    const sealed = sealTrace(cek, ZERO_HASH, seen)
    expect(sealed.length).to.be.at.most(MAX_ASIDE_BYTES)
    expect(openTrace(cek, ZERO_HASH, sealed)).to.deep.equal(seen)
  })

  it('looks at no memory that is not there', () => {
    const wild = assemble({
      imports: ['state_read'],
      memory: [1, 1],
      call: ['i32.const -1', 'i32.const 200', 'i32.const 0', 'i32.const 0', 'call 0', 'drop']
    })
    const result = execute(wild, { trace: true })
    expect(result).to.deep.include({ ok: false, reason: FAILURE_REASON.TRAP })
    expect(result.trace!.events.map(({ call, key }) => [call, toHex(key)])).to.deep.equal([['state_read', '0x']])
  })
})

describe('wasm: log entries', () => {
  it('hold 60 KiB together', () => {
    const entry = (length: number): Code => ['i32.const 0', `i32.const ${length}`, 'call 0']
    const run = (lengths: number[]) =>
      execute(assemble({ imports: ['log'], memory: [1, 1], call: lengths.flatMap(entry) }))
    expect(run(Array(15).fill(4096)).ok).to.equal(true)
    expect(run([...Array(15).fill(4096), 1])).to.deep.include({ ok: false, reason: FAILURE_REASON.LIMIT })
  })
})
