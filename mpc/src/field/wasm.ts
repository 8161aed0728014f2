/**
 * A small encoder for WebAssembly modules: just the instructions that the field kernels use.
 * @see https://webassembly.github.io/spec/core/binary/
 */
export type Code = readonly number[]
export type ValueType = 'i32' | 'i64' | 'v128'

const TYPE_BYTE: Record<ValueType, number> = { i32: 0x7f, i64: 0x7e, v128: 0x7b }

const unsignedLeb = (value: number): number[] => {
  const out: number[] = []
  let rest = value
  do {
    const byte = rest % 128
    rest = Math.floor(rest / 128)
    out.push(rest > 0 ? byte | 0x80 : byte)
  } while (rest > 0)
  return out
}

const signedLeb = (value: bigint): number[] => {
  const out: number[] = []
  let rest = value
  for (;;) {
    const byte = Number(rest & 0x7fn)
    rest >>= 7n
    const done = (rest === 0n && (byte & 0x40) === 0) || (rest === -1n && (byte & 0x40) !== 0)
    out.push(done ? byte : byte | 0x80)
    if (done) return out
  }
}

const unary =
  (opcode: number) =>
  (a: Code): Code => [...a, opcode]
const binary =
  (opcode: number) =>
  (a: Code, b: Code): Code => [...a, ...b, opcode]
const simd = (opcode: number): number[] => [0xfd, ...unsignedLeb(opcode)]

export const i32 = {
  const: (value: number): Code => [0x41, ...signedLeb(BigInt(value))],
  add: binary(0x6a),
  sub: binary(0x6b),
  mul: binary(0x6c),
  and: binary(0x71),
  ltU: binary(0x49),
  leU: binary(0x4d),
  wrap: unary(0xa7)
}

export const i64 = {
  const: (value: bigint | number): Code => [0x42, ...signedLeb(BigInt.asIntN(64, BigInt(value)))],
  add: binary(0x7c),
  sub: binary(0x7d),
  mul: binary(0x7e),
  and: binary(0x83),
  or: binary(0x84),
  xor: binary(0x85),
  shl: (a: Code, bits: number): Code => [...a, ...i64.const(bits), 0x86],
  shrS: (a: Code, bits: number): Code => [...a, ...i64.const(bits), 0x87],
  shrU: (a: Code, bits: number): Code => [...a, ...i64.const(bits), 0x88],
  load: (address: Code, offset: number): Code => [...address, 0x29, 3, ...unsignedLeb(offset)],
  store: (address: Code, offset: number, value: Code): Code => [...address, ...value, 0x37, 3, ...unsignedLeb(offset)],
  load32: (address: Code, offset: number): Code => [...address, 0x35, 2, ...unsignedLeb(offset)],
  store32: (address: Code, offset: number, value: Code): Code => [...address, ...value, 0x3e, 2, ...unsignedLeb(offset)]
}

export const v128 = {
  zero: [...simd(12), ...Array<number>(16).fill(0)] as Code,
  load: (address: Code, offset: number): Code => [...address, ...simd(0), 2, ...unsignedLeb(offset)],
  loadSplat32: (address: Code, offset: number): Code => [...address, ...simd(9), 2, ...unsignedLeb(offset)],
  loadZero32: (address: Code, offset: number): Code => [...address, ...simd(92), 2, ...unsignedLeb(offset)],
  loadZero64: (address: Code, offset: number): Code => [...address, ...simd(93), 2, ...unsignedLeb(offset)],
  add64: (a: Code, b: Code): Code => [...a, ...b, ...simd(206)],
  mulLow: (a: Code, b: Code): Code => [...a, ...b, ...simd(222)],
  mulHigh: (a: Code, b: Code): Code => [...a, ...b, ...simd(223)],
  lane64: (a: Code, lane: 0 | 1): Code => [...a, ...simd(29), lane]
}

/** Runs `body` at least once, and again while `condition` (an i32 left on the stack) is not zero. */
export const doWhile = (body: Code, condition: Code): Code => [0x03, 0x40, ...body, ...condition, 0x0d, 0, 0x0b]

export const ifElse = (condition: Code, then: Code, otherwise: Code): Code => [
  ...condition,
  0x04,
  0x40,
  ...then,
  0x05,
  ...otherwise,
  0x0b
]

/** Collects the locals and statements of one exported function. */
export class FunctionBuilder {
  readonly #types: ValueType[] = []
  readonly #body: number[] = []
  readonly name: string
  readonly params: readonly ValueType[]
  readonly result: ValueType | null

  constructor(name: string, params: readonly ValueType[], result: ValueType | null = null) {
    this.name = name
    this.params = params
    this.result = result
  }

  local(type: ValueType): number {
    this.#types.push(type)
    return this.params.length + this.#types.length - 1
  }

  locals(type: ValueType, count: number): number[] {
    return Array.from({ length: count }, () => this.local(type))
  }

  emit(...statements: Code[]): void {
    for (const statement of statements) for (const byte of statement) this.#body.push(byte)
  }

  /** What `write` emits, as a block of its own instead of at the end of the body. */
  capture(write: () => void): Code {
    const start = this.#body.length
    write()
    return this.#body.splice(start)
  }

  encodeBody(): number[] {
    const declarations = this.#types.flatMap(type => [1, TYPE_BYTE[type]])
    const content = [...unsignedLeb(this.#types.length), ...declarations, ...this.#body, 0x0b]
    return [...unsignedLeb(content.length), ...content]
  }
}

export const get = (local: number): Code => [0x20, ...unsignedLeb(local)]
export const set = (local: number, value: Code): Code => [...value, 0x21, ...unsignedLeb(local)]

const section = (id: number, items: readonly (readonly number[])[]): number[] => {
  const content = [...unsignedLeb(items.length), ...items.flat()]
  return [id, ...unsignedLeb(content.length), ...content]
}

const nameBytes = (name: string): number[] => [...unsignedLeb(name.length), ...new TextEncoder().encode(name)]

/** A module that imports memory `env.memory` (at least `pages` of 64 KiB) and exports every function by name. */
export function encodeModule(functions: readonly FunctionBuilder[], pages: number): Uint8Array<ArrayBuffer> {
  const signature = ({ params, result }: FunctionBuilder): number[] => [
    0x60,
    ...unsignedLeb(params.length),
    ...params.map(type => TYPE_BYTE[type]),
    ...(result === null ? [0] : [1, TYPE_BYTE[result]])
  ]
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(1, functions.map(signature)),
    ...section(2, [[...nameBytes('env'), ...nameBytes('memory'), 0x02, 0x00, ...unsignedLeb(pages)]]),
    ...section(
      3,
      functions.map((_, index) => unsignedLeb(index))
    ),
    ...section(
      7,
      functions.map((fn, index) => [...nameBytes(fn.name), 0x00, ...unsignedLeb(index)])
    ),
    ...section(
      10,
      functions.map(fn => fn.encodeBody())
    )
  ])
}
