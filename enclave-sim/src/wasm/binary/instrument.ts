import { invalidCode } from '../errors.ts'
import { BLOCK_GAS, MEMORY_GAS } from '../gas.ts'
import { meterBody, type Appended } from './meter.ts'
import { ENTRY_EXPORTS, INIT_EXPORT, MEMORY_EXPORT, parseModule } from './parse.ts'
import { BinaryWriter } from './writer.ts'

/** Names under which the platform reaches its own globals in an instance. The module's own exports are dropped, so none can clash. */
export const METER_EXPORTS = { gas: 'gas', stack: 'stack', fault: 'fault' } as const

/** The counters of the module's own function i, in a traced instance. */
export const counterExport = (what: 'gas' | 'calls', i: number): string => `${what}:${i}`

/** What validation learned of a secret contract. */
export interface CodeInfo {
  readonly codeBytes: number
  readonly functions: number
  readonly initialPages: number
  readonly maximumPages: number
  readonly imports: readonly string[]
  /** Has an `_initialize` export, which runs, metered, before the entry. */
  readonly initializes: boolean
}

export interface InstrumentedCode {
  readonly info: CodeInfo
  readonly wasm: Uint8Array<ArrayBuffer>
}

/**
 * Validates a secret contract's bytecode and rewrites it into the module that runs: metered, with a bounded stack and memory.
 * A pure function of the bytes; the rewriting never enters a hash (R2). A traced module counts gas and calls of each of its functions
 * besides, in globals of its own: what it computes and charges is the same.
 * @throws WASM_INVALID_CODE with a sentence for the contract's author
 */
export function instrument(code: Uint8Array, traced = false): InstrumentedCode {
  const module = parseModule(code)
  // The engine is asked only after every section and, below, every instruction was found to be one of ours.
  const globals = module.globals.length
  const functions = module.imports.length + module.functions.length
  const appended: Appended = {
    blockGas: code.length <= BLOCK_GAS.smallCodeBytes ? BLOCK_GAS.small : BLOCK_GAS.large,
    gasGlobal: globals,
    stackGlobal: globals + 1,
    growFunction: functions,
    copyFunction: functions + 1,
    fillFunction: functions + 2
  }
  const faultGlobal = globals + 2
  const growType = module.types.length
  const countersOf = (i: number) =>
    traced ? { gas: faultGlobal + 1 + 2 * i, calls: faultGlobal + 2 + 2 * i } : undefined
  const counters = traced ? 2 * module.functions.length : 0

  const bodies = module.bodies.map(({ reader }, i) =>
    meterBody(module, module.functions[i]!, reader, { ...appended, counters: countersOf(i) })
  )
  if (!WebAssembly.validate(code as Uint8Array<ArrayBuffer>)) {
    invalidCode('The code is not valid: in some function the types of operands do not fit.')
  }

  const out = new BinaryWriter().byte(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)
  const section = (id: number, count: number, write: (content: BinaryWriter) => void): void => {
    if (count === 0) return
    const content = new BinaryWriter().u32(count)
    write(content)
    out.section(id, content)
  }
  const byteOf = { i32: 0x7f, i64: 0x7e }

  section(1, module.types.length + 2, content => {
    for (const { params, results } of module.types) {
      content
        .byte(0x60)
        .u32(params.length)
        .byte(...params.map(type => byteOf[type]))
      content.u32(results.length).byte(...results.map(type => byteOf[type]))
    }
    content.byte(0x60, 1, 0x7f, 1, 0x7f) // grow
    content.byte(0x60, 3, 0x7f, 0x7f, 0x7f, 0) // copy, fill
  })
  section(2, module.imports.length, content => {
    for (const { name, type } of module.imports) content.name('enigma').name(name).byte(0).u32(type)
  })
  section(3, module.functions.length + 3, content => {
    for (const type of module.functions) content.u32(type)
    content
      .u32(growType)
      .u32(growType + 1)
      .u32(growType + 1)
  })
  const { table, memory } = module
  if (table !== undefined) section(4, 1, content => void content.byte(0x70, 1).u32(table.min).u32(table.max))
  section(5, 1, content => void content.byte(1).u32(memory.min).u32(memory.max))
  section(6, globals + 3 + counters, content => {
    for (const { type, mutable, init } of module.globals) content.byte(byteOf[type], mutable ? 1 : 0).raw(init)
    content.byte(0x7e, 1, 0x42, 0, 0x0b) // gas
    content.byte(0x7f, 1, 0x41, 0, 0x0b) // stack
    content.byte(0x7f, 1, 0x41, 0, 0x0b) // fault
    for (let i = 0; i < counters; i++) content.byte(0x7e, 1, 0x42, 0, 0x0b)
  })
  const entries = [...ENTRY_EXPORTS, INIT_EXPORT].filter(name => module.exports.has(name))
  section(7, entries.length + 4 + counters, content => {
    for (const name of entries) content.name(name).byte(0).u32(module.exports.get(name)!.index)
    content.name(MEMORY_EXPORT).byte(2, 0)
    content.name(METER_EXPORTS.gas).byte(3).u32(appended.gasGlobal)
    content.name(METER_EXPORTS.stack).byte(3).u32(appended.stackGlobal)
    content.name(METER_EXPORTS.fault).byte(3).u32(faultGlobal)
    for (let i = 0; i < counters / 2; i++) {
      content.name(counterExport('gas', i)).byte(3).u32(countersOf(i)!.gas)
      content.name(counterExport('calls', i)).byte(3).u32(countersOf(i)!.calls)
    }
  })
  section(9, module.elements.length, content => {
    for (const { offset, functions } of module.elements) {
      content
        .byte(0, 0x41)
        .signed(offset | 0)
        .byte(0x0b)
        .u32(functions.length)
      for (const index of functions) content.u32(index)
    }
  })
  section(10, bodies.length + 3, content => {
    for (const body of bodies) content.sized(body)
    content.sized(growBody(appended.gasGlobal, faultGlobal, memory.max))
    content.sized(bulkBody(appended.gasGlobal, 10))
    content.sized(bulkBody(appended.gasGlobal, 11))
  })
  section(11, module.data.length, content => {
    for (const { offset, bytes } of module.data)
      content
        .byte(0, 0x41)
        .signed(offset | 0)
        .byte(0x0b)
        .sized(bytes)
  })

  return {
    wasm: out.finish(),
    info: {
      codeBytes: code.length,
      functions: module.functions.length,
      initialPages: memory.min,
      maximumPages: memory.max,
      imports: module.imports.map(({ name }) => name),
      initializes: module.exports.has(INIT_EXPORT)
    }
  }
}

/**
 * memory.grow, metered. Beyond the maximum it answers -1 and costs nothing more, as the engine would. Within it, growing costs
 * per page; if the engine then refuses all the same (the machine is out of memory), `fault` is set: that run has no result.
 */
function growBody(gas: number, fault: number, maxPages: number): Uint8Array {
  const body = new BinaryWriter().byte(0) // no locals of its own
  const fail = [0x04, 0x40, 0x41, 0x7f, 0x0f, 0x0b] // if (...) return -1
  body
    .byte(0x20, 0, 0x41)
    .signed(maxPages)
    .byte(0x4b, ...fail) // pages > max
  body
    .byte(0x3f, 0, 0x20, 0, 0x6a, 0x41)
    .signed(maxPages)
    .byte(0x4b, ...fail) // size + pages > max
  body.byte(0x23).u32(gas).byte(0x20, 0, 0xad, 0x42).signed(MEMORY_GAS.perPage).byte(0x7e, 0x7d, 0x24).u32(gas)
  outOfGas(body, gas)
  body.byte(0x20, 0, 0x40, 0, 0x22, 0, 0x41, 0x7f, 0x46, 0x04, 0x40, 0x41, 1, 0x24).u32(fault).byte(0x00, 0x0b)
  return body.byte(0x20, 0, 0x0b).finish()
}

/** memory.copy (10) or memory.fill (11), paid by length before it starts. */
function bulkBody(gas: number, operation: 10 | 11): Uint8Array {
  const body = new BinaryWriter().byte(0)
  body.byte(0x23).u32(gas).byte(0x20, 2, 0xad, 0x42).signed(MEMORY_GAS.bulkBytesPerGas).byte(0x80, 0x7d, 0x24).u32(gas)
  outOfGas(body, gas)
  body.byte(0x20, 0, 0x20, 1, 0x20, 2, 0xfc, operation, 0)
  if (operation === 10) body.byte(0)
  return body.byte(0x0b).finish()
}

function outOfGas(body: BinaryWriter, gas: number): void {
  body.byte(0x23).u32(gas).byte(0x42, 0, 0x53, 0x04, 0x40, 0x00, 0x0b)
}
