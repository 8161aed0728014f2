import { expect } from 'chai'
import { START_GAS } from '../../src/wasm/gas.ts'
import { FAILURE_REASON } from '../../src/wasm/reasons.ts'
import { assemble } from './assemble.ts'
import { execute } from './support.ts'

const OK = { ok: true }

describe('wasm/execute', () => {
  it('ends an endless loop when the gas is used up, and takes the whole limit', () => {
    const code = assemble({ call: ['loop', 'br 0', 'end'] })

    expect(execute(code, { gasLimit: 123_457n })).to.include({
      ok: false,
      reason: FAILURE_REASON.OUT_OF_GAS,
      gasUsed: 123_457n
    })
  })

  it('ends endless recursion at our own limit, and takes only the gas used', () => {
    const code = assemble({ functions: [{ type: '->', body: ['call 0'] }], call: ['call 0'] })
    const result = execute(code)

    expect(result).to.include({ ok: false, reason: FAILURE_REASON.STACK_OVERFLOW })
    expect(Number(result.gasUsed)).to.be.greaterThan(10_000).and.lessThan(200_000)
  })

  it('gives stack slots back when a function returns, on every way out', () => {
    const ways: string[][] = [['return'], ['br 0'], ['block', 'br 1', 'end'], ['i32.const 0', 'br_table 0 0'], []]
    for (const way of ways) {
      const code = assemble({
        functions: [{ type: '->', locals: 'i64 '.repeat(400), body: ['i32.const 0', 'if', 'call 0', 'end', ...way] }],
        call: ['i32.const 0', 'drop', ...Array<string>(1000).fill('call 0')]
      })
      expect(execute(code), way.join(' ')).to.include(OK)
    }
  })

  const traps: [string, (string | number)[], RegExp][] = [
    ['unreachable', ['unreachable'], /gave up/],
    ['division by zero', ['i32.const 1', 'i32.const 0', 'i32.div_s', 'drop'], /divides by zero/],
    ['remainder by zero', ['i64.const 1', 'i64.const 0', 'i64.rem_u', 'drop'], /divides by zero/],
    [
      'an overflowing division',
      ['i32.const -2147483648', 'i32.const -1', 'i32.div_s', 'drop'],
      /smallest integer by -1/
    ],
    ['a load out of bounds', ['i32.const -1', 'i32.load', 'drop'], /outside its memory/],
    ['a store out of bounds', ['i32.const 65533', 'i32.const 0', 'i32.store'], /outside its memory/],
    ['a copy out of bounds', ['i32.const 0', 'i32.const 65530', 'i32.const 7', 'memory.copy'], /outside its memory/],
    ['a fill out of bounds', ['i32.const 65530', 'i32.const 1', 'i32.const 7', 'memory.fill'], /outside its memory/]
  ]
  for (const [what, call, message] of traps) {
    it(`reports ${what} as a trap, in words of its own`, () => {
      const result = execute(assemble({ call }))

      expect(result).to.include({ ok: false, reason: FAILURE_REASON.TRAP })
      expect(result.ok ? '' : result.message).to.match(message)
    })
  }

  it('reports a call through the table to the wrong type, or beyond it, as a trap', () => {
    const base = {
      functions: [{ type: 'i32 -> i32', body: ['local.get 0'] }],
      table: [2] as [number],
      elements: [[0, [0]] as [number, number[]]]
    }
    const call = (index: number): (string | number)[] => [`i32.const ${index}`, 'call_indirect 1']

    expect(execute(assemble({ ...base, call: call(0) }))).to.include({
      message: 'The contract calls a function as one of another type.'
    })
    expect(execute(assemble({ ...base, call: call(1) }))).to.include({
      message: 'The contract calls a function as one of another type.'
    })
    expect(execute(assemble({ ...base, call: call(2) }))).to.include({
      message: 'The contract calls a function outside its table.'
    })
  })

  it('grows memory to the cap and no further, whatever the module allows itself', () => {
    for (const max of [undefined, 65_536, 128, 20]) {
      const code = assemble({
        imports: ['output_set'],
        memory: [1, max],
        call: [
          'i32.const 0',
          'i32.const 65535',
          'memory.grow',
          'i32.store',
          'loop',
          'i32.const 1',
          'memory.grow',
          'i32.const 0',
          'i32.ge_s',
          'br_if 0',
          'end',
          'i32.const 4',
          'memory.size',
          'i32.store',
          'i32.const 0',
          'i32.const 8',
          'call 0'
        ]
      })
      const result = execute(code)
      const words = new Int32Array(result.ok ? result.output.slice().buffer : [])
      expect([...words]).to.deep.equal([-1, Math.min(max ?? 128, 128)])
    }
  })

  it('charges for memory by the page, at the start and when it grows', () => {
    const used = (memory: [number], call: string[]): bigint => execute(assemble({ memory, call })).gasUsed
    const empty = used([0], [])

    expect(used([100], []) - empty).to.equal(2_000_000n)
    expect(used([0], ['i32.const 100', 'memory.grow', 'drop']) - empty).to.be.within(2_000_000n, 2_000_200n)
    expect(execute(assemble({ memory: [100], call: [] }), { gasLimit: 1_999_999n })).to.include({
      reason: FAILURE_REASON.OUT_OF_GAS
    })
  })

  /** Gas of a run without what its bytecode's length costs. */
  const workGas = (code: Uint8Array): bigint => execute(code).gasUsed - BigInt(code.length * START_GAS.callPerCodeByte)

  it('charges memory.copy and memory.fill by length', () => {
    const used = (length: number, op: string): bigint =>
      workGas(assemble({ call: ['i32.const 0', 'i32.const 0', `i32.const ${length}`, op] }))
    for (const op of ['memory.copy', 'memory.fill']) expect(used(65_536, op) - used(0, op)).to.equal(8_192n)
  })

  it('charges for many locals', () => {
    const used = (locals: number): bigint =>
      workGas(assemble({ functions: [{ type: '->', locals: 'i32 '.repeat(locals), body: ['nop'] }], call: ['call 0'] }))
    expect(used(500) - used(30)).to.equal(470n)
  })

  it('charges each basic block, more in a large contract', () => {
    const block = ['i32.const 0', 'if', 'end'] // const 1, if 2
    const used = (blocks: number, padding: number): bigint =>
      workGas(assemble({ call: Array<string[]>(blocks).fill(block).flat(), data: [[0, new Uint8Array(padding)]] }))
    expect(used(11, 0) - used(1, 0)).to.equal(10n * 9n)
    expect(used(11, 40_000) - used(1, 40_000)).to.equal(10n * 19n)
  })

  it('runs an _initialize export before the entry, metered', () => {
    const init = (body: string[]): Uint8Array<ArrayBuffer> =>
      assemble({
        imports: ['output_set'],
        globals: [['i32', true, 0]],
        functions: [{ type: '->', body }],
        exports: [['_initialize', 0, 1]],
        call: ['i32.const 0', 'global.get 0', 'i32.store', 'i32.const 0', 'i32.const 1', 'call 0']
      })
    expect(execute(init(['i32.const 42', 'global.set 0']))).to.deep.include({ ok: true, output: Uint8Array.of(42) })
    expect(execute(init(['loop', 'br 0', 'end']))).to.include({ reason: FAILURE_REASON.OUT_OF_GAS })
  })

  it('charges deployment by the byte of code, and refuses garbage with a signed-able failure', () => {
    const code = new Uint8Array(1000).fill(0x99)
    const result = execute(code, { entry: 'deploy' })

    expect(result).to.include({ ok: false, reason: FAILURE_REASON.INVALID_CODE, gasUsed: 30_000n })
    expect(execute(code, { entry: 'deploy', gasLimit: 1n })).to.include({
      reason: FAILURE_REASON.OUT_OF_GAS,
      gasUsed: 1n
    })
  })

  it('starts every run afresh: memory and globals of one run are gone in the next', () => {
    const code = assemble({
      imports: ['output_set'],
      globals: [['i32', true, 0]],
      call: [
        'global.get 0',
        'i32.const 1',
        'i32.add',
        'global.set 0',
        'i32.const 0',
        'i32.const 0',
        'i32.load8_u',
        'global.get 0',
        'i32.add',
        'i32.store8',
        'i32.const 0',
        'i32.const 1',
        'call 0'
      ]
    })
    for (let i = 0; i < 3; i++) expect(execute(code)).to.deep.include({ ok: true, output: Uint8Array.of(1) })
  })

  it('gives the same bytes and the same gas in 100 repeats of success, trap, out of gas and stack overflow', () => {
    const codes = [
      assemble({
        imports: ['random', 'output_set'],
        call: ['i32.const 0', 'i32.const 64', 'call 0', 'i32.const 0', 'i32.const 64', 'call 1']
      }),
      assemble({ call: ['i32.const 7', 'i32.const 0', 'i32.div_u', 'drop'] }),
      assemble({ call: ['loop', 'br 0', 'end'] }),
      assemble({ functions: [{ type: '->', body: ['call 0'] }], call: ['call 0'] })
    ]
    for (const code of codes) {
      const first = execute(code)
      for (let i = 1; i < 100; i++) expect(execute(code)).to.deep.equal(first)
    }
  })
})
