import { OPCODES } from '../../src/wasm/binary/opcodes.ts'
import { BinaryWriter } from '../../src/wasm/binary/writer.ts'
import { HOST_IMPORTS, type HostImport } from '../../src/wasm/host/imports.ts'

/** Builds small WebAssembly modules for tests, also ones that validation must refuse. */
export interface ModuleText {
  /** Host functions, indices 0, 1, ... */
  imports?: HostImport[]
  /** Imports outside the allow-list: module, name, and type as `params -> results`. */
  otherImports?: [string, string, string][]
  /** Further functions; their indices follow the imports. */
  functions?: FunctionText[]
  deploy?: Code
  call?: Code
  memory?: [min: number, max?: number] | null
  table?: [min: number, max?: number]
  elements?: [offset: number, functions: number[]][]
  globals?: [type: 'i32' | 'i64', mutable: boolean, init: number][]
  data?: [offset: number, bytes: Uint8Array][]
  exports?: [name: string, kind: number, index: number][]
  /** Sections written as they are, behind the one with the id `after`. */
  extra?: { after: number; id: number; bytes: number[] }[]
}

export interface FunctionText {
  type: string // `i32 i64 -> i32`
  locals?: string // `i32 i32 i64`
  rawLocals?: number[] // the declaration's bytes instead
  body: Code
}

/** Instructions, one per string: `i32.const 5`, `block i32`, `br_table 0 1 2`, `i32.load 4`; numbers are raw bytes. */
export type Code = (string | number)[]

const VALUE: Record<string, number> = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c, v128: 0x7b, externref: 0x6f }
const codes = new Map(OPCODES.flatMap((opcode, code) => (opcode === undefined ? [] : [[opcode.name, code] as const])))

export function instructions(code: Code): Uint8Array {
  const out = new BinaryWriter()
  for (const item of code) {
    if (typeof item === 'number') {
      out.byte(item)
      continue
    }
    const [name, ...args] = item.split(' ') as [string, ...string[]]
    if (name === 'memory.copy') out.byte(0xfc, 10, 0, 0)
    else if (name === 'memory.fill') out.byte(0xfc, 11, 0)
    else {
      const byte = codes.get(name)
      if (byte === undefined) throw new Error(`unknown instruction ${name}`)
      out.byte(byte)
      const { immediate, align } = OPCODES[byte]!
      const numbers = args.map(Number)
      if (immediate === 'block') out.byte(args[0] === undefined ? 0x40 : VALUE[args[0]]!)
      else if (immediate === 'index') out.u32(numbers[0]!)
      else if (immediate === 'callIndirect') out.u32(numbers[0]!).byte(0)
      else if (immediate === 'memory') out.u32(align).u32(numbers[0] ?? 0)
      else if (immediate === 'memoryIndex') out.byte(0)
      else if (immediate === 'i32') out.signed(numbers[0]!)
      else if (immediate === 'i64') out.raw(signed64(BigInt(args[0]!)))
      else if (immediate === 'brTable') {
        out.u32(numbers.length - 1)
        for (const depth of numbers) out.u32(depth)
      }
    }
  }
  return out.finish()
}

function signed64(value: bigint): Uint8Array {
  const bytes: number[] = []
  for (;;) {
    const byte = Number(value & 0x7fn)
    value >>= 7n
    if ((value === 0n && byte < 0x40) || (value === -1n && byte >= 0x40)) return Uint8Array.from([...bytes, byte])
    bytes.push(byte | 0x80)
  }
}

const valueTypes = (text: string): number[] =>
  text
    .trim()
    .split(/\s+/)
    .filter(Boolean)
    .map(name => VALUE[name]!)

/** Index of the first of `functions`; `deploy` and `call` come behind them. */
export const firstFunction = (text: ModuleText): number =>
  (text.imports?.length ?? 0) + (text.otherImports?.length ?? 0)

export function assemble(text: ModuleText): Uint8Array<ArrayBuffer> {
  const types: string[] = []
  const typeIndex = (type: string): number => {
    const found = types.indexOf(type)
    return found < 0 ? types.push(type) - 1 : found
  }
  const imports = [
    ...(text.imports ?? []).map(name => {
      const { params, results } = HOST_IMPORTS[name]
      return ['enigma', name, `${params.join(' ')} -> ${results.join(' ')}`.trim()] as const
    }),
    ...(text.otherImports ?? [])
  ]
  const functions: FunctionText[] = [
    ...(text.functions ?? []),
    { type: '->', body: text.deploy ?? [] },
    { type: '->', body: text.call ?? [] }
  ]
  const first = firstFunction(text)
  const importTypes = imports.map(([, , type]) => typeIndex(type))
  const functionTypes = functions.map(({ type }) => typeIndex(type))
  const exports = [
    ...(text.memory === null ? [] : [['memory', 2, 0] as const]),
    ['deploy', 0, first + functions.length - 2] as const,
    ['call', 0, first + functions.length - 1] as const,
    ...(text.exports ?? [])
  ]

  const out = new BinaryWriter().byte(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)
  const section = <T>(
    id: number,
    items: readonly T[],
    write: (content: BinaryWriter, item: T, index: number) => void
  ): void => {
    if (items.length > 0) {
      const content = new BinaryWriter().u32(items.length)
      items.forEach((item, i) => write(content, item, i))
      out.section(id, content)
    }
    for (const { after, id: extra, bytes } of text.extra ?? []) {
      if (after === id)
        out
          .byte(extra)
          .u32(bytes.length)
          .byte(...bytes)
    }
  }
  const limits = (content: BinaryWriter, [min, max]: [number, number?]): void =>
    void (max === undefined ? content.byte(0).u32(min) : content.byte(1).u32(min).u32(max))

  section(1, types, (content, type) => {
    const [params, results] = type.split('->').map(valueTypes) as [number[], number[]]
    content
      .byte(0x60)
      .u32(params.length)
      .byte(...params)
      .u32(results.length)
      .byte(...results)
  })
  section(2, imports, (content, [module, name], i) => content.name(module).name(name).byte(0).u32(importTypes[i]!))
  section(3, functionTypes, (content, type) => content.u32(type))
  section(4, text.table === undefined ? [] : [text.table], (content, table) => limits(content.byte(0x70), table))
  section(5, text.memory === null ? [] : [text.memory ?? ([1] as [number])], limits)
  section(6, text.globals ?? [], (content, [type, mutable, init]) =>
    content
      .byte(VALUE[type]!, mutable ? 1 : 0)
      .byte(type === 'i32' ? 0x41 : 0x42)
      .signed(init)
      .byte(0x0b)
  )
  section(7, exports, (content, [name, kind, index]) => content.name(name).byte(kind).u32(index))
  section(9, text.elements ?? [], (content, [offset, indices]) => {
    content.byte(0, 0x41).signed(offset).byte(0x0b).u32(indices.length)
    for (const index of indices) content.u32(index)
  })
  section(10, functions, (content, { locals = '', rawLocals, body }) => {
    const groups = valueTypes(locals)
    const bytes = new BinaryWriter()
    if (rawLocals === undefined) {
      bytes.u32(groups.length)
      for (const group of groups) bytes.u32(1).byte(group)
    } else bytes.byte(...rawLocals)
    content.sized(bytes.raw(instructions(body)).byte(0x0b).view())
  })
  section(11, text.data ?? [], (content, [offset, bytes]) =>
    content.byte(0, 0x41).signed(offset).byte(0x0b).sized(bytes)
  )
  return out.finish()
}
