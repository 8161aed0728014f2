import { invalidCode } from '../errors.ts'
import { INSTRUCTION_GAS, LOCALS_GAS } from '../gas.ts'
import type { ValueType } from '../host/imports.ts'
import { CODE_LIMITS, FRAME_SLOTS, LEAF_SLOTS } from '../limits.ts'
import { describeRefused, OPCODES } from './opcodes.ts'
import { functionType, typeAt, valueType, type ParsedModule } from './parse.ts'
import type { BinaryReader } from './reader.ts'
import { BinaryWriter } from './writer.ts'

/** What the platform adds to a module: the price of a block, and the indices of what it appends. Nothing of the module's own moves. */
export interface Appended {
  readonly blockGas: number
  readonly gasGlobal: number // i64: gas left; negative = out of gas
  readonly stackGlobal: number // i32: stack slots left; negative = stack overflow
  readonly growFunction: number
  readonly copyFunction: number
  readonly fillFunction: number
  /** i64 globals of this very function's gas and calls; undefined unless the run is traced. */
  readonly counters?: { readonly gas: number; readonly calls: number }
}

/** One `block`, `loop`, `if` or the function itself, while its instructions are read. */
interface Frame {
  readonly loop: boolean
  readonly isIf: boolean
  readonly results: number
  readonly height: number // operands below it
  readonly deadBefore: boolean // entered in code that is never reached
}

const VOID = 0x40

/**
 * Rewrites one function body: gas is charged where each basic block starts, and the frame's height is taken from and given back to
 * the stack counter. Checks every instruction on the way; that the types fit is left to the engine's own validation.
 *
 * A basic block ends behind if, br, br_if, br_table, return, unreachable and where branches arrive: loop, else, end. Its whole
 * cost is charged before its first instruction. The frame is wrapped in one more block, so that `return` becomes a branch to its end.
 */
export function meterBody(module: ParsedModule, type: number, reader: BinaryReader, appended: Appended): Uint8Array {
  const { params, results } = typeAt(module, type)
  const declared = readLocals(reader, params.length)
  const localCount = params.length + declared.reduce((sum, [count]) => sum + count, 0)
  const scratch = localCount // one more local, i64, for the gas check

  const out = new BinaryWriter()
  const block = new BinaryWriter() // instructions of the basic block being read
  const frames: Frame[] = [{ loop: false, isIf: false, results: results.length, height: 0, deadBefore: false }]
  let gas = Math.max(0, localCount - LOCALS_GAS.freeLocals) * LOCALS_GAS.perLocal
  let height = 0
  let maxHeight = 0
  let dead = false
  let leaf = true

  const flush = (): void => {
    if (gas > 0 && !dead) {
      if (appended.counters) add(out, appended.counters.gas, gas + appended.blockGas)
      charge(out, appended.gasGlobal, scratch, gas + appended.blockGas)
    }
    out.raw(block.view())
    block.clear()
    gas = 0
  }
  const move = (pop: number, push: number): void => {
    const floor = frames.at(-1)!.height
    if (height - pop < floor && !dead)
      invalidCode(`An instruction before byte ${reader.at} takes operands that are not there.`)
    height = Math.max(height - pop, floor) + push
    maxHeight = Math.max(maxHeight, height)
  }
  const stop = (): void => {
    flush()
    dead = true
    height = frames.at(-1)!.height
  }
  const label = (depth: number): void => {
    if (depth >= frames.length)
      invalidCode(`A branch before byte ${reader.at} leaves ${depth} blocks, of ${frames.length}.`)
  }

  while (frames.length > 0) {
    const start = reader.at
    const code = reader.byte()
    if (code === 0xfc) {
      const sub = reader.u32()
      const wanted = sub === 10 ? 2 : 1 // memory indices behind it
      if (sub !== 10 && sub !== 11) {
        invalidCode(
          `The code holds ${sub < 8 ? 'a floating-point' : 'a bulk-memory or table'} instruction (0xfc ${sub}) at byte ${start}.`
        )
      }
      for (let i = 0; i < wanted; i++) if (reader.byte() !== 0) invalidCode(`Byte ${reader.at} names a second memory.`)
      gas += INSTRUCTION_GAS.memoryBulk
      move(3, 0)
      block.byte(0x10).u32(sub === 10 ? appended.copyFunction : appended.fillFunction)
      continue
    }
    const opcode = OPCODES[code]
    if (opcode === undefined) {
      return invalidCode(`The code holds ${describeRefused(code)} (0x${code.toString(16)}) at byte ${start}.`)
    }
    if (!dead) gas += opcode.gas
    move(opcode.pop, opcode.push)

    switch (opcode.name) {
      case 'block':
      case 'loop':
      case 'if': {
        const byte = reader.byte()
        const blockResults = byte === VOID ? 0 : 1
        if (byte !== VOID && byte !== 0x7f && byte !== 0x7e) {
          invalidCode(`The block at byte ${start} has a type other than none, i32 or i64.`)
        }
        if (frames.length > CODE_LIMITS.blockDepth) invalidCode(`Blocks nest deeper than ${CODE_LIMITS.blockDepth}.`)
        block.byte(code, byte)
        frames.push({ loop: code === 0x03, isIf: code === 0x04, results: blockResults, height, deadBefore: dead })
        if (code !== 0x02) flush()
        continue
      }
      case 'else': {
        const frame = frames.at(-1)!
        if (!frame.isIf) invalidCode(`The else at byte ${start} belongs to no if.`)
        frames[frames.length - 1] = { ...frame, isIf: false }
        flush()
        dead = frame.deadBefore
        height = frame.height
        out.byte(code)
        continue
      }
      case 'end': {
        const frame = frames.pop()!
        const arrives = !frame.loop || frames.length === 0 // branches go to a loop's start, not to its end
        if (height - frame.height !== frame.results && !dead) {
          invalidCode(
            `The block that ends at byte ${start} leaves ${height - frame.height} values instead of ${frame.results}.`
          )
        }
        height = frame.height + frame.results
        maxHeight = Math.max(maxHeight, height)
        if (arrives || dead) {
          flush()
          dead = frame.deadBefore
          if (frames.length > 0) out.byte(code)
        } else block.byte(code)
        continue
      }
      case 'br':
      case 'br_if': {
        const depth = reader.u32()
        label(depth)
        block.byte(code).u32(depth)
        if (code === 0x0c) stop()
        else flush()
        continue
      }
      case 'br_table': {
        const targets = reader.count(CODE_LIMITS.brTableTargets, 'targets in one br_table')
        block.byte(code).u32(targets)
        for (let i = 0; i <= targets; i++) {
          const depth = reader.u32()
          label(depth)
          block.u32(depth)
        }
        stop()
        continue
      }
      case 'return':
        move(results.length, 0)
        block.byte(0x0c).u32(frames.length - 1)
        stop()
        continue
      case 'unreachable':
        block.byte(code)
        stop()
        continue
      case 'call': {
        const index = reader.u32()
        const callee = functionType(module, index)
        move(callee.params.length, callee.results.length)
        if (index >= module.imports.length) leaf = false
        block.byte(code).u32(index)
        continue
      }
      case 'call_indirect': {
        const index = reader.u32()
        const callee = typeAt(module, index)
        if (reader.u32() !== 0 || module.table === undefined)
          invalidCode(`The call at byte ${start} uses a table that is not there.`)
        move(callee.params.length, callee.results.length)
        leaf = false
        block.byte(code).u32(index).byte(0)
        continue
      }
      case 'memory.grow':
        if (reader.byte() !== 0) invalidCode(`Byte ${reader.at} names a second memory.`)
        block.byte(0x10).u32(appended.growFunction)
        continue
    }

    switch (opcode.immediate) {
      case 'index': {
        const index = reader.u32()
        const isGlobal = opcode.name.startsWith('global')
        if (index >= (isGlobal ? module.globals.length : localCount)) {
          invalidCode(`The code uses ${isGlobal ? 'global' : 'local'} ${index} at byte ${start}, which is not there.`)
        }
        if (opcode.name === 'global.set' && !module.globals[index]!.mutable) {
          invalidCode(`The code sets the constant global ${index} at byte ${start}.`)
        }
        break
      }
      case 'memory':
        if (reader.u32() > opcode.align) invalidCode(`The ${opcode.name} at byte ${start} is aligned beyond its size.`)
        reader.u32() // any offset: the engine checks the sum
        break
      case 'memoryIndex':
        if (reader.byte() !== 0) invalidCode(`Byte ${reader.at} names a second memory.`)
        break
      case 'i32':
        reader.skipSigned(32)
        break
      case 'i64':
        reader.skipSigned(64)
        break
      case 'none':
      case 'block':
      case 'brTable':
      case 'callIndirect':
        break // nothing follows, or it was read above
    }
    block.raw(reader.bytes.subarray(start, reader.at))
  }
  if (!reader.done) invalidCode(`A function goes on behind its end, at byte ${reader.at}.`)

  const slots = FRAME_SLOTS + localCount + maxHeight
  const body = new BinaryWriter()
  body.u32(declared.length + 1)
  for (const [count, valueType] of declared) body.u32(count).byte(valueType === 'i32' ? 0x7f : 0x7e)
  body.u32(1).byte(0x7e)
  if (appended.counters) add(body, appended.counters.calls, 1)
  if (leaf && slots <= LEAF_SLOTS) return body.raw(out.view()).byte(0x0b).finish()

  const { stackGlobal } = appended
  body.byte(0x23).u32(stackGlobal).byte(0x41).signed(slots).byte(0x6b, 0x24).u32(stackGlobal)
  body.byte(0x23).u32(stackGlobal).byte(0x41, 0, 0x48, 0x04, VOID, 0x00, 0x0b) // below 0: unreachable
  body.byte(0x02, results.length === 0 ? VOID : results[0] === 'i32' ? 0x7f : 0x7e)
  body.raw(out.view()).byte(0x0b)
  body.byte(0x23).u32(stackGlobal).byte(0x41).signed(slots).byte(0x6a, 0x24).u32(stackGlobal)
  return body.byte(0x0b).finish()
}

/** `counter += amount` */
function add(out: BinaryWriter, counter: number, amount: number): void {
  out.byte(0x23).u32(counter).byte(0x42).signed(amount).byte(0x7c, 0x24).u32(counter)
}

/** `gas -= cost; if (gas < 0) unreachable` */
function charge(out: BinaryWriter, gasGlobal: number, scratch: number, cost: number): void {
  out.byte(0x23).u32(gasGlobal).byte(0x42).signed(cost).byte(0x7d)
  out.byte(0x22).u32(scratch).byte(0x24).u32(gasGlobal)
  out.byte(0x20).u32(scratch).byte(0x42, 0, 0x53, 0x04, VOID, 0x00, 0x0b)
}

function readLocals(reader: BinaryReader, params: number): [number, ValueType][] {
  const groups: [number, ValueType][] = []
  let total = params
  for (let n = reader.count(CODE_LIMITS.locals, 'groups of locals'); n > 0; n--) {
    const count = reader.u32()
    total += count
    if (total > CODE_LIMITS.locals) invalidCode(`A function has more than ${CODE_LIMITS.locals} locals.`)
    groups.push([count, valueType(reader)])
  }
  return groups
}
