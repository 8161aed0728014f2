import { INSTRUCTION_GAS } from '../gas.ts'

/** What follows the opcode byte. */
export type Immediate =
  'none' | 'block' | 'index' | 'brTable' | 'callIndirect' | 'memory' | 'memoryIndex' | 'i32' | 'i64'

export interface Opcode {
  readonly name: string
  readonly gas: number
  readonly pop: number
  readonly push: number
  readonly immediate: Immediate
  /** For loads and stores: log2 of the natural alignment, the largest one allowed. */
  readonly align: number
}

const table: (Opcode | undefined)[] = new Array(256).fill(undefined)

type Kind = keyof typeof INSTRUCTION_GAS

function define(
  code: number,
  names: string,
  kind: Kind,
  pop: number,
  push: number,
  immediate: Immediate = 'none'
): void {
  for (const name of names.split(' ')) {
    table[code++] = { name, gas: INSTRUCTION_GAS[kind], pop, push, immediate, align: 0 }
  }
}

function access(code: number, name: string, align: number): void {
  const store = name.includes('store')
  table[code] = {
    name,
    gas: store ? INSTRUCTION_GAS.store : INSTRUCTION_GAS.load,
    pop: store ? 2 : 1,
    push: store ? 0 : 1,
    immediate: 'memory',
    align
  }
}

define(0x00, 'unreachable nop', 'simple', 0, 0)
define(0x02, 'block loop', 'free', 0, 0, 'block')
define(0x04, 'if', 'branch', 1, 0, 'block')
define(0x05, 'else', 'free', 0, 0)
define(0x0b, 'end', 'free', 0, 0)
define(0x0c, 'br', 'branch', 0, 0, 'index')
define(0x0d, 'br_if', 'branch', 1, 0, 'index')
define(0x0e, 'br_table', 'brTable', 1, 0, 'brTable')
define(0x0f, 'return', 'branch', 0, 0)
define(0x10, 'call', 'call', 0, 0, 'index')
define(0x11, 'call_indirect', 'callIndirect', 1, 0, 'callIndirect')
define(0x1a, 'drop', 'simple', 1, 0)
define(0x1b, 'select', 'branch', 3, 1)
define(0x20, 'local.get', 'simple', 0, 1, 'index')
define(0x21, 'local.set', 'simple', 1, 0, 'index')
define(0x22, 'local.tee', 'simple', 1, 1, 'index')
define(0x23, 'global.get', 'global', 0, 1, 'index')
define(0x24, 'global.set', 'global', 1, 0, 'index')
access(0x28, 'i32.load', 2)
access(0x29, 'i64.load', 3)
access(0x2c, 'i32.load8_s', 0)
access(0x2d, 'i32.load8_u', 0)
access(0x2e, 'i32.load16_s', 1)
access(0x2f, 'i32.load16_u', 1)
access(0x30, 'i64.load8_s', 0)
access(0x31, 'i64.load8_u', 0)
access(0x32, 'i64.load16_s', 1)
access(0x33, 'i64.load16_u', 1)
access(0x34, 'i64.load32_s', 2)
access(0x35, 'i64.load32_u', 2)
access(0x36, 'i32.store', 2)
access(0x37, 'i64.store', 3)
access(0x3a, 'i32.store8', 0)
access(0x3b, 'i32.store16', 1)
access(0x3c, 'i64.store8', 0)
access(0x3d, 'i64.store16', 1)
access(0x3e, 'i64.store32', 2)
define(0x3f, 'memory.size', 'simple', 0, 1, 'memoryIndex')
define(0x40, 'memory.grow', 'memoryGrow', 1, 1, 'memoryIndex')
define(0x41, 'i32.const', 'simple', 0, 1, 'i32')
define(0x42, 'i64.const', 'simple', 0, 1, 'i64')
define(0x45, 'i32.eqz', 'simple', 1, 1)
define(0x46, 'i32.eq i32.ne i32.lt_s i32.lt_u i32.gt_s i32.gt_u i32.le_s i32.le_u i32.ge_s i32.ge_u', 'simple', 2, 1)
define(0x50, 'i64.eqz', 'simple', 1, 1)
define(0x51, 'i64.eq i64.ne i64.lt_s i64.lt_u i64.gt_s i64.gt_u i64.le_s i64.le_u i64.ge_s i64.ge_u', 'simple', 2, 1)
for (const [type, base] of [
  ['i32', 0x67],
  ['i64', 0x79]
] as const) {
  define(base, `${type}.clz ${type}.ctz ${type}.popcnt`, 'multiply', 1, 1)
  define(base + 3, `${type}.add ${type}.sub`, 'simple', 2, 1)
  define(base + 5, `${type}.mul`, 'multiply', 2, 1)
  define(base + 6, `${type}.div_s ${type}.div_u ${type}.rem_s ${type}.rem_u`, 'divide', 2, 1)
  define(base + 10, `${type}.and ${type}.or ${type}.xor ${type}.shl ${type}.shr_s ${type}.shr_u`, 'simple', 2, 1)
  define(base + 16, `${type}.rotl ${type}.rotr`, 'multiply', 2, 1)
}
define(0xa7, 'i32.wrap_i64', 'simple', 1, 1)
define(0xac, 'i64.extend_i32_s i64.extend_i32_u', 'simple', 1, 1)
define(0xc0, 'i32.extend8_s i32.extend16_s i64.extend8_s i64.extend16_s i64.extend32_s', 'simple', 1, 1)

/** The instructions a secret contract may use, by opcode. memory.copy and memory.fill (0xfc 10 and 11) stand in the meter. */
export const OPCODES: readonly (Opcode | undefined)[] = table

/** Says what a refused opcode is, for the author of the contract. */
export function describeRefused(code: number): string {
  const floats = code === 0x2a || code === 0x2b || code === 0x38 || code === 0x39 || code === 0x43 || code === 0x44
  if (floats || (code >= 0x5b && code <= 0x66) || (code >= 0x8b && code <= 0xbf && code !== 0xa7)) {
    return 'a floating-point instruction'
  }
  if (code === 0xfd) return 'a SIMD instruction'
  if (code === 0xfe) return 'a threads (atomic) instruction'
  if (code === 0x12 || code === 0x13) return 'a tail call'
  if (code >= 0x06 && code <= 0x0a) return 'an exception-handling instruction'
  if (code === 0x1c || code === 0x25 || code === 0x26 || (code >= 0xd0 && code <= 0xd6))
    return 'a reference-types instruction'
  if (code === 0xfb) return 'a garbage-collection instruction'
  return 'an unknown instruction'
}
