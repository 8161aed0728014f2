import { expect } from 'chai'
import { validateCode, WasmError } from '../../src/wasm/index.ts'
import { CODE_LIMITS } from '../../src/wasm/limits.ts'
import { assemble, type Code, type ModuleText } from './assemble.ts'

/** The sentence with which `code` is refused. */
function refusal(code: Uint8Array): string {
  try {
    validateCode(code)
  } catch (error) {
    if (error instanceof WasmError && error.code === 'WASM_INVALID_CODE') return error.message
    throw error
  }
  return 'accepted'
}

const refusedText = (text: ModuleText): string => refusal(assemble(text))
const refusedBody = (...call: Code): string => refusedText({ call })

describe('wasm/validate', () => {
  it('accepts a plain module and says what is in it', () => {
    const code = assemble({
      imports: ['caller', 'log'],
      functions: [{ type: 'i64 -> i32', body: ['i32.const 1'] }],
      memory: [2, 300]
    })

    expect(validateCode(code)).to.deep.equal({
      codeBytes: code.length,
      functions: 3,
      initialPages: 2,
      maximumPages: 128,
      imports: ['caller', 'log'],
      initializes: false
    })
  })

  describe('refuses by instruction', () => {
    const opcodes: [string, number[], RegExp][] = [
      ['f32.const', [0x43, 0, 0, 0, 0], /floating-point instruction \(0x43\)/],
      ['f64.const', [0x44, 0, 0, 0, 0, 0, 0, 0, 0], /floating-point/],
      ['f32.load', [0x2a, 2, 0], /floating-point/],
      ['f64.store', [0x39, 3, 0], /floating-point/],
      ['f64.add', [0xa0], /floating-point/],
      ['i32.trunc_f32_s', [0xa8], /floating-point/],
      ['i64.reinterpret_f64', [0xbd], /floating-point/],
      ['i32.trunc_sat_f32_s', [0xfc, 0], /floating-point/],
      ['memory.init', [0xfc, 8, 0, 0], /bulk-memory or table/],
      ['data.drop', [0xfc, 9, 0], /bulk-memory or table/],
      ['table.grow', [0xfc, 15, 0], /bulk-memory or table/],
      ['v128.const', [0xfd, 12], /SIMD/],
      ['atomic.notify', [0xfe, 0, 2, 0], /threads/],
      ['ref.null', [0xd0, 0x70], /reference-types/],
      ['ref.func', [0xd2, 0], /reference-types/],
      ['table.get', [0x25, 0], /reference-types/],
      ['select t', [0x1c, 1, 0x7f], /reference-types/],
      ['return_call', [0x12, 0], /tail call/],
      ['try', [0x06, 0x40], /exception-handling/],
      ['throw', [0x08, 0], /exception-handling/],
      ['struct.new', [0xfb, 0, 0], /garbage-collection/],
      ['0x27', [0x27], /unknown instruction/],
      ['0xff', [0xff], /unknown instruction/]
    ]
    for (const [name, bytes, message] of opcodes) {
      it(name, () => {
        expect(refusedBody(...bytes)).to.match(message)
        expect(refusedBody('return', ...bytes), 'in dead code').to.match(message)
      })
    }

    it('every opcode byte that is not in the table, and no other', () => {
      const accepted: number[] = []
      for (let opcode = 0; opcode < 256; opcode++) {
        if (!/^The code holds (an|a) /.test(refusedBody('return', opcode, 0, 0, 0, 0, 0, 0, 0, 0)))
          accepted.push(opcode)
      }
      // the integer instructions of WebAssembly 1.0, sign extension, and 0xfc for memory.copy and memory.fill
      const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i)
      const expected = [
        ...range(0, 5),
        ...range(0x0b, 0x11),
        0x1a,
        0x1b,
        ...range(0x20, 0x24),
        0x28,
        0x29,
        ...range(0x2c, 0x37)
      ]
      expected.push(
        ...range(0x3a, 0x42),
        ...range(0x45, 0x5a),
        ...range(0x67, 0x8a),
        0xa7,
        0xac,
        0xad,
        ...range(0xc0, 0xc4)
      )
      expect(accepted.filter(opcode => opcode !== 0xfc)).to.deep.equal(expected)
    })
  })

  describe('refuses by type', () => {
    for (const type of ['f32', 'f64', 'v128', 'externref']) {
      it(`${type} as parameter, result, local, global or block`, () => {
        const message = new RegExp(`type ${type}`)
        expect(refusedText({ functions: [{ type: `${type} ->`, body: [] }] })).to.match(message)
        expect(refusedText({ functions: [{ type: `-> ${type}`, body: ['unreachable'] }] })).to.match(message)
        expect(refusedText({ functions: [{ type: '->', locals: type, body: [] }] })).to.match(message)
        expect(refusedText({ globals: [[type as 'i32', false, 0]] })).to.match(message)
        expect(refusedBody('block ' + type, 'unreachable', 'end')).to.match(/type other than/)
      })
    }

    it('several results, and blocks with parameters', () => {
      expect(refusedText({ functions: [{ type: '-> i32 i32', body: ['unreachable'] }] })).to.match(/2 results/)
      expect(refusedBody(0x02, 0x00, 0x0b)).to.match(/type other than/)
    })

    it('operands that do not fit', () => {
      expect(refusedBody('i32.const 1', 'i64.const 1', 'i32.add', 'drop')).to.match(/types of operands/)
      expect(refusedBody('i32.add', 'drop')).to.match(/operands that are not there/)
      expect(refusedBody('i32.const 1')).to.match(/leaves 1 values instead of 0/)
      expect(refusedBody('block i32', 'end', 'drop')).to.match(/leaves 0 values instead of 1/)
      expect(refusedBody('local.get 0', 'drop')).to.match(/local 0 .* not there/)
      expect(refusedBody('global.get 0', 'drop')).to.match(/global 0 .* not there/)
      expect(refusedBody('call 99')).to.match(/function 99, which is not there/)
      expect(refusedBody('br 1')).to.match(/leaves 1 blocks, of 1/)
      expect(refusedBody('else')).to.match(/belongs to no if/)
      expect(refusedBody('i32.const 0', 0x28, 3, 0, 'drop')).to.match(/aligned beyond/)
      expect(refusedBody('i32.const 0', 'call_indirect 0')).to.match(/table that is not there/)
      expect(refusedText({ globals: [['i32', false, 0]], call: ['i32.const 0', 'global.set 0'] })).to.match(
        /constant global 0/
      )
    })
  })

  describe('refuses by section', () => {
    it('bytes that are no module', () => {
      expect(refusal(new Uint8Array(0))).to.match(/not a WebAssembly module/)
      expect(refusal(new TextEncoder().encode('#!/bin/sh'))).to.match(/not a WebAssembly module/)
      expect(refusal(Uint8Array.of(0, 0x61, 0x73, 0x6d, 2, 0, 0, 0))).to.match(/version 1/)
      expect(refusal(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0))).to.match(/does not export its memory/)
    })

    it('a start section', () => {
      expect(refusedText({ extra: [{ after: 7, id: 8, bytes: [0] }] })).to.match(/start section/)
    })

    it('unknown, repeated and misplaced sections', () => {
      expect(refusedText({ extra: [{ after: 1, id: 13, bytes: [0] }] })).to.match(/unknown kind 13/)
      expect(refusedText({ extra: [{ after: 11, id: 200, bytes: [] }] })).to.match(/unknown kind 200/)
      expect(refusedText({ extra: [{ after: 5, id: 5, bytes: [1, 0, 1] }] })).to.match(/memory section stands twice/)
      expect(refusedText({ extra: [{ after: 11, id: 1, bytes: [0] }] })).to.match(/type section stands twice/)
      expect(refusedText({ extra: [{ after: 3, id: 4, bytes: [0, 99] }] })).to.match(/longer than its content/)
    })

    it('two memories or tables, shared memory, tables of other references', () => {
      expect(refusedText({ memory: null, extra: [{ after: 4, id: 5, bytes: [2, 0, 1, 0, 1] }] })).to.match(/2 memories/)
      expect(refusedText({ memory: null, extra: [{ after: 4, id: 5, bytes: [1, 3, 1, 2] }] })).to.match(/shared/)
      expect(refusedText({ extra: [{ after: 3, id: 4, bytes: [2, 0x70, 0, 1, 0x70, 0, 1] }] })).to.match(/2 tables/)
      expect(refusedText({ extra: [{ after: 3, id: 4, bytes: [1, 0x6f, 0, 1] }] })).to.match(/not a table of functions/)
    })

    it('passive and declarative segments', () => {
      expect(refusedText({ extra: [{ after: 10, id: 11, bytes: [1, 1, 1, 7] }] })).to.match(/plain, active/)
      expect(refusedText({ table: [1], extra: [{ after: 7, id: 9, bytes: [1, 3, 0, 1, 0] }] })).to.match(
        /plain, active/
      )
    })

    it('segments outside memory or table', () => {
      expect(refusedText({ data: [[65_535, new Uint8Array(2)]] })).to.match(/outside the memory/)
      expect(refusedText({ data: [[-1, new Uint8Array(1)]] })).to.match(/outside the memory/)
      expect(refusedText({ table: [1], elements: [[1, [0]]] })).to.match(/outside the table/)
      expect(refusedText({ elements: [[0, [0]]] })).to.match(/outside the table/)
      expect(refusedText({ table: [1], elements: [[0, [77]]] })).to.match(/function 77/)
    })

    it('exports that are missing, repeated, dangling or of the wrong type', () => {
      expect(refusedText({ memory: null })).to.match(/export its memory/)
      expect(refusedText({ exports: [['call', 0, 0]] })).to.match(/exports "call" twice/)
      expect(refusedText({ exports: [['x', 0, 9]] })).to.match(/not there/)
      expect(refusedText({ functions: [{ type: 'i32 ->', body: [] }], exports: [['_initialize', 0, 0]] })).to.match(
        /take and return nothing/
      )
    })

    it('over-long and over-large numbers', () => {
      expect(refusedBody(0x41, 0x80, 0x80, 0x80, 0x80, 0x80, 0, 'drop')).to.match(/does not fit 32 bits/)
      expect(refusedBody(0x41, 0xff, 0xff, 0xff, 0xff, 0x4f, 'drop')).to.match(/does not fit 32 bits/)
      expect(refusedBody(0x42, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x3f, 'drop')).to.match(
        /does not fit 64 bits/
      )
      expect(refusedBody('i32.const 0', 0x28, 2, 0xff, 0xff, 0xff, 0xff, 0x1f, 'drop')).to.match(/does not fit 32 bits/)
    })

    it('names that are not UTF-8', () => {
      expect(refusedText({ extra: [{ after: 11, id: 0, bytes: [2, 0xc3, 0x28] }] })).to.match(/not valid UTF-8/)
    })
  })

  describe('refuses by import', () => {
    const imports: [string, string, string, RegExp][] = [
      ['env', 'seed', '-> f64', /type f64/],
      ['env', 'seed', '-> i64', /"env.seed", which secret contracts are not offered/],
      ['env', 'Date.now', '-> i64', /not offered/],
      ['wasi_snapshot_preview1', 'fd_write', 'i32 i32 i32 i32 -> i32', /not offered/],
      ['enigma', 'fs_read', 'i32 -> i32', /not offered/],
      ['enigma', 'constructor', '->', /not offered/],
      ['enigma', '__proto__', '->', /not offered/],
      ['enigma', 'caller', 'i32 -> i32', /as \(i32\) -> i32; it is \(i32\) -> nothing/],
      ['enigma', 'block_number', '-> i32', /it is \(\) -> i64/]
    ]
    for (const [module, name, type, message] of imports) {
      it(`${module}.${name} (${type})`, () =>
        expect(refusedText({ otherImports: [[module, name, type]] })).to.match(message))
    }

    it('memories, tables and globals from outside', () => {
      const imported = (kind: number[]): string =>
        refusedText({ memory: null, extra: [{ after: 1, id: 2, bytes: [1, 3, 0x65, 0x6e, 0x76, 1, 0x6d, ...kind] }] })
      for (const kind of [
        [2, 0, 1],
        [1, 0x70, 0, 1],
        [3, 0x7f, 0]
      ])
        expect(imported(kind)).to.match(/not a function/)
    })
  })

  describe('refuses by size', () => {
    it('10 MiB of code, before reading it', () => {
      const unread = new Proxy(new Uint8Array(10 * 1024 * 1024), {
        get(code, key) {
          if (key === 'length' || key === 'byteLength') return code.length
          throw new Error(`${String(key)} was read`)
        }
      })
      expect(refusal(unread)).to.match(/limit is 524288/)
    })

    it('too much of anything', () => {
      const nops = Array<number>(CODE_LIMITS.functionBytes).fill(1)
      const many = (count: number): { type: string; body: [] }[] =>
        Array.from({ length: count }, () => ({ type: '->', body: [] }))
      expect(refusedText({ functions: many(4095) })).to.match(/4097 functions: the limit is 4096/)
      expect(refusedText({ call: nops })).to.match(/function has .* bytes/)
      expect(refusedText({ functions: [{ type: 'i32 '.repeat(65) + '->', body: [] }] })).to.match(/65 parameters/)
      expect(refusedText({ functions: [{ type: '->', locals: 'i32 '.repeat(1025), body: [] }] })).to.match(
        /groups of locals/
      )
      expect(
        refusedText({ globals: Array.from({ length: 1025 }, () => ['i32', true, 0] as const).map(g => [...g]) })
      ).to.match(/1025 globals/)
      expect(refusedText({ memory: [129] })).to.match(/129 pages: the limit is 128/)
      expect(refusedText({ memory: [65_536] })).to.match(/65536 pages/)
      expect(refusedText({ table: [4097] })).to.match(/4097 elements/)
      expect(refusedText({ table: [10_000_000, 10_000_000] })).to.match(/10000000 elements/)
      expect(refusedText({ data: Array.from({ length: 1025 }, () => [0, new Uint8Array(0)]) })).to.match(
        /1025 data segments/
      )
      expect(refusedBody(...Array<string>(600).fill('block'), ...Array<string>(600).fill('end'))).to.match(
        /nest deeper/
      )
      expect(refusedBody('i32.const 0', `br_table ${'0 '.repeat(1026).trim()}`)).to.match(/1025 targets/)
    })

    it('locals declared in one group of 4 billion', () => {
      const rawLocals = [1, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x7f]
      expect(refusedText({ functions: [{ type: '->', rawLocals, body: [] }] })).to.match(/more than 512 locals/)
      const twice = [2, 0x80, 0x02, 0x7f, 0x81, 0x02, 0x7f] // 256 and 257
      expect(refusedText({ functions: [{ type: '->', rawLocals: twice, body: [] }] })).to.match(/more than 512 locals/)
    })

    it('counts that announce more than there is', () => {
      for (const id of [1, 2, 3, 6, 7, 9, 10, 11]) {
        const code = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, id, 5, 0xff, 0xff, 0xff, 0xff, 0x0f)
        expect(refusal(code), `section ${id}`).to.match(/4294967295 .*: the limit is/)
        expect(refusal(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, id, 1, 9)), `section ${id}`).not.to.equal(
          'accepted'
        )
      }
    })
  })

  it('handles the largest modules it accepts', () => {
    const body = Array<string>(25)
      .fill('')
      .flatMap(() => ['i32.const 0', 'if', 'end'])
    const code = assemble({ functions: Array.from({ length: 4000 }, () => ({ type: '->', body })) })
    expect(code.length).to.be.within(450_000, CODE_LIMITS.codeBytes)
    validateCode(code)
  })

  it('refuses or accepts, but never breaks on, damaged modules', () => {
    const code = assemble({
      imports: ['state_write'],
      functions: [{ type: 'i32 i64 -> i64', locals: 'i32 i64', body: ['block i64', 'i64.const 5', 'br 0', 'end'] }],
      table: [3],
      elements: [[0, [1, 2]]],
      globals: [['i64', true, -1]],
      data: [[16, Uint8Array.of(1, 2, 3)]],
      call: ['i32.const 0', 'if', 'i32.const 1', 'memory.grow', 'drop', 'end']
    })
    expect(refusal(code)).to.equal('accepted')
    let accepted = 0
    for (let at = 8; at < code.length; at++) {
      refusal(code.subarray(0, at)) // throws anything but a refusal
      for (const value of [0, 1, 0x0b, 0x40, 0x7f, 0x80, 0xff]) {
        const damaged = code.slice()
        damaged[at] = value
        if (refusal(damaged) === 'accepted') accepted++
      }
    }
    expect(accepted).to.be.above(0) // constants may change freely
  })
})
