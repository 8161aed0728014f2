import { invalidCode } from '../errors.ts'
import { HOST_IMPORTS, HOST_MODULE, isHostImport, sameType, showType } from '../host/imports.ts'
import type { FuncType, HostImport, ValueType } from '../host/imports.ts'
import { CODE_LIMITS } from '../limits.ts'
import { BinaryReader } from './reader.ts'

/** A secret contract's module after the strict reading of its sections; function bodies are still bytes. */
export interface ParsedModule {
  readonly types: FuncType[]
  readonly imports: { readonly name: HostImport; readonly type: number }[]
  /** Type index of each function that the module defines. */
  readonly functions: number[]
  table: { readonly min: number; readonly max: number } | undefined
  memory: { readonly min: number; readonly max: number }
  readonly globals: { readonly type: ValueType; readonly mutable: boolean; readonly init: Uint8Array }[]
  readonly exports: Map<string, { readonly kind: number; readonly index: number }>
  readonly elements: { readonly offset: number; readonly functions: number[] }[]
  readonly data: { readonly offset: number; readonly bytes: Uint8Array }[]
  readonly bodies: { readonly start: number; readonly reader: BinaryReader }[]
}

/** Exports the platform calls; others are allowed, and dropped. */
export const ENTRY_EXPORTS = ['deploy', 'call'] as const
export const INIT_EXPORT = '_initialize'
export const MEMORY_EXPORT = 'memory'

const SECTION_NAMES = 'custom type import function table memory global export start element code data datacount'.split(
  ' '
)
/** The order in which sections must stand; datacount (12) stands between element and code. */
const SECTION_ORDER = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 10]

const VALUE_TYPES: Record<number, ValueType> = { 0x7f: 'i32', 0x7e: 'i64' }

export function valueType(reader: BinaryReader): ValueType {
  const byte = reader.byte()
  const type = VALUE_TYPES[byte]
  if (type !== undefined) return type
  const what: Record<number, string> = { 0x7d: 'f32', 0x7c: 'f64', 0x7b: 'v128', 0x70: 'funcref', 0x6f: 'externref' }
  return invalidCode(
    `The code uses the type ${what[byte] ?? `0x${byte.toString(16)}`}; secret contracts compute with i32 and i64 only.`
  )
}

/** Reads `code` section by section. @throws WASM_INVALID_CODE with a sentence for the author. */
export function parseModule(code: Uint8Array): ParsedModule {
  if (code.length > CODE_LIMITS.codeBytes) {
    invalidCode(`The code has ${code.length} bytes: the limit is ${CODE_LIMITS.codeBytes}.`)
  }
  const reader = new BinaryReader(code)
  if (code.length < 8 || [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0].some((byte, i) => code[i] !== byte)) {
    invalidCode('The code is not a WebAssembly module (version 1).')
  }
  reader.at = 8
  const module: ParsedModule = {
    types: [],
    imports: [],
    functions: [],
    table: undefined,
    memory: { min: -1, max: 0 },
    globals: [],
    exports: new Map(),
    elements: [],
    data: [],
    bodies: []
  }
  let last = 0
  let dataCount: number | undefined
  while (!reader.done) {
    const id = reader.byte()
    const content = reader.section(reader.u32())
    if (id === 0) {
      content.name(CODE_LIMITS.nameBytes)
      continue
    }
    if (id === 8) invalidCode('The code has a start section. Export the function as "_initialize" instead.')
    const order = id < SECTION_ORDER.length ? SECTION_ORDER[id]! : -1
    if (order < 0) invalidCode(`The code has a section of the unknown kind ${id}.`)
    if (order <= last) invalidCode(`The ${SECTION_NAMES[id]} section stands twice, or in the wrong place.`)
    last = order
    if (id === 12) dataCount = content.u32()
    else SECTIONS[id]!(content, module)
    if (!content.done) invalidCode(`The ${SECTION_NAMES[id]} section is longer than its content.`)
  }
  if (module.bodies.length !== module.functions.length) {
    invalidCode(`The code declares ${module.functions.length} functions and defines ${module.bodies.length}.`)
  }
  if (dataCount !== undefined && dataCount !== module.data.length)
    invalidCode('The data count does not match the data.')
  checkExports(module)
  checkSegments(module)
  return module
}

const SECTIONS: Record<number, (reader: BinaryReader, module: ParsedModule) => void> = {
  1(reader, { types }) {
    for (let n = reader.count(CODE_LIMITS.types, 'types'); n > 0; n--) {
      if (reader.byte() !== 0x60) invalidCode('The code has a type that is not a function type.')
      const params: ValueType[] = []
      for (let p = reader.count(CODE_LIMITS.params, 'parameters in one function'); p > 0; p--)
        params.push(valueType(reader))
      const results: ValueType[] = []
      for (let r = reader.count(1, 'results in one function'); r > 0; r--) results.push(valueType(reader))
      types.push({ params, results })
    }
  },

  2(reader, module) {
    for (let n = reader.count(CODE_LIMITS.imports, 'imports'); n > 0; n--) {
      const from = reader.name(CODE_LIMITS.nameBytes)
      const name = reader.name(CODE_LIMITS.nameBytes)
      const shown = JSON.stringify(`${from}.${name}`)
      if (reader.byte() !== 0) invalidCode(`The code imports ${shown}, which is not a function.`)
      if (from !== HOST_MODULE || !isHostImport(name)) {
        return invalidCode(`The code imports ${shown}, which secret contracts are not offered.`)
      }
      const type = reader.u32()
      const wanted = HOST_IMPORTS[name]
      const given = typeAt(module, type)
      if (!sameType(given, wanted)) {
        invalidCode(`The code imports ${shown} as ${showType(given)}; it is ${showType(wanted)}.`)
      }
      module.imports.push({ name, type })
    }
  },

  3(reader, module) {
    for (let n = reader.count(CODE_LIMITS.functions, 'functions'); n > 0; n--) {
      const type = reader.u32()
      typeAt(module, type)
      module.functions.push(type)
    }
  },

  4(reader, module) {
    for (let n = reader.count(1, 'tables'); n > 0; n--) {
      if (reader.byte() !== 0x70) invalidCode('The table is not a table of functions.')
      const { min, max } = limits(reader, 'table')
      if (min > CODE_LIMITS.tableElements) {
        invalidCode(`The table has ${min} elements: the limit is ${CODE_LIMITS.tableElements}.`)
      }
      module.table = { min, max: Math.min(max, CODE_LIMITS.tableElements) }
    }
  },

  5(reader, module) {
    for (let n = reader.count(1, 'memories'); n > 0; n--) {
      const { min, max } = limits(reader, 'memory')
      if (min > CODE_LIMITS.memoryPages) {
        invalidCode(`The memory starts with ${min} pages: the limit is ${CODE_LIMITS.memoryPages}.`)
      }
      if (max > 65_536) invalidCode('The memory has an impossible maximum.')
      module.memory = { min, max: Math.min(max, CODE_LIMITS.memoryPages) } // a larger maximum is cut, not refused
    }
  },

  6(reader, module) {
    for (let n = reader.count(CODE_LIMITS.globals, 'globals'); n > 0; n--) {
      const type = valueType(reader)
      const mutable = reader.byte()
      if (mutable > 1) invalidCode('A global is neither constant nor mutable.')
      const start = reader.at
      const op = reader.byte()
      if (op !== (type === 'i32' ? 0x41 : 0x42))
        invalidCode(`A global of type ${type} does not start as a constant of it.`)
      reader.skipSigned(type === 'i32' ? 32 : 64)
      if (reader.byte() !== 0x0b) invalidCode('A global starts as more than one constant.')
      module.globals.push({ type, mutable: mutable === 1, init: reader.bytes.subarray(start, reader.at) })
    }
  },

  7(reader, module) {
    for (let n = reader.count(CODE_LIMITS.exports, 'exports'); n > 0; n--) {
      const name = reader.name(CODE_LIMITS.nameBytes)
      const kind = reader.byte()
      const index = reader.u32()
      if (module.exports.has(name)) invalidCode(`The code exports ${JSON.stringify(name)} twice.`)
      if (kind > 3) invalidCode(`The export ${JSON.stringify(name)} is of an unknown kind.`)
      const counts = [
        module.imports.length + module.functions.length,
        module.table === undefined ? 0 : 1,
        module.memory.min < 0 ? 0 : 1,
        module.globals.length
      ]
      if (index >= counts[kind]!) invalidCode(`The export ${JSON.stringify(name)} names something that is not there.`)
      module.exports.set(name, { kind, index })
    }
  },

  9(reader, module) {
    for (let n = reader.count(CODE_LIMITS.elementSegments, 'element segments'); n > 0; n--) {
      if (reader.u32() !== 0) invalidCode('An element segment is not a plain, active one.')
      const offset = segmentOffset(reader)
      const functions: number[] = []
      for (let f = reader.count(CODE_LIMITS.tableElements, 'table elements in one segment'); f > 0; f--) {
        const index = reader.u32()
        if (index >= module.imports.length + module.functions.length) {
          invalidCode(`An element segment names function ${index}, which is not there.`)
        }
        functions.push(index)
      }
      module.elements.push({ offset, functions })
    }
  },

  10(reader, module) {
    for (let n = reader.count(CODE_LIMITS.functions, 'function bodies'); n > 0; n--) {
      const length = reader.u32()
      if (length > CODE_LIMITS.functionBytes) {
        invalidCode(`A function has ${length} bytes: the limit is ${CODE_LIMITS.functionBytes}.`)
      }
      module.bodies.push({ start: reader.at, reader: reader.section(length) })
    }
  },

  11(reader, module) {
    for (let n = reader.count(CODE_LIMITS.dataSegments, 'data segments'); n > 0; n--) {
      if (reader.u32() !== 0) invalidCode('A data segment is not a plain, active one.')
      module.data.push({ offset: segmentOffset(reader), bytes: reader.take(reader.u32()) })
    }
  }
}

export function typeAt(module: ParsedModule, index: number): FuncType {
  return module.types[index] ?? invalidCode(`The code uses type ${index}, which is not there.`)
}

/** The type of a function by its index, which counts imports first. */
export function functionType(module: ParsedModule, index: number): FuncType {
  const type =
    index < module.imports.length ? module.imports[index]!.type : module.functions[index - module.imports.length]
  if (type === undefined) return invalidCode(`The code calls function ${index}, which is not there.`)
  return typeAt(module, type)
}

function limits(reader: BinaryReader, what: string): { min: number; max: number } {
  const flags = reader.byte()
  if (flags > 1) invalidCode(`The ${what} is shared, or of an unknown kind.`)
  const min = reader.u32()
  const max = flags === 1 ? reader.u32() : what === 'memory' ? 65_536 : 0xffffffff
  if (max < min) invalidCode(`The ${what}'s maximum is below its minimum.`)
  return { min, max }
}

function segmentOffset(reader: BinaryReader): number {
  if (reader.byte() !== 0x41) invalidCode('The offset of a segment is not a constant.')
  const offset = reader.i32() >>> 0
  if (reader.byte() !== 0x0b) invalidCode('The offset of a segment is more than one constant.')
  return offset
}

function checkExports(module: ParsedModule): void {
  const memory = module.exports.get(MEMORY_EXPORT)
  if (memory?.kind !== 2) invalidCode('The code does not export its memory as "memory".')
  for (const name of [...ENTRY_EXPORTS, INIT_EXPORT]) {
    const found = module.exports.get(name)
    if (found === undefined && name === INIT_EXPORT) continue
    if (found?.kind !== 0) return invalidCode(`The code does not export a function "${name}".`)
    const { params, results } = functionType(module, found.index)
    if (params.length + results.length > 0) invalidCode(`The exported function "${name}" must take and return nothing.`)
    if (found.index < module.imports.length) invalidCode(`The exported function "${name}" is an import.`)
  }
}

/** So that creating an instance cannot fail. */
function checkSegments(module: ParsedModule): void {
  for (const { offset, bytes } of module.data) {
    if (offset + bytes.length > module.memory.min * 65_536) invalidCode('A data segment lies outside the memory.')
  }
  for (const { offset, functions } of module.elements) {
    if (offset + functions.length > (module.table?.min ?? -1)) invalidCode('An element segment lies outside the table.')
  }
}
