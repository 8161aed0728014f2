import type { FieldForm } from '../prime.ts'
import { doWhile, get, i32, i64, ifElse, set, type Code, type FunctionBuilder } from '../wasm.ts'

/** What every generator of a kernel knows of its prime. */
export interface Context {
  readonly form: FieldForm
  readonly prime: readonly number[]
  readonly limbMask: bigint
  readonly size: number
}

export function emitStore(fn: FunctionBuilder, out: number, t: readonly number[]): void {
  t.forEach((limb, i) => fn.emit(i64.store32(get(out), 4 * i, get(limb))))
}

export function emitAdvance(fn: FunctionBuilder, pointer: number, by: Code): void {
  fn.emit(set(pointer, i32.add(get(pointer), by)))
}

/** `count` times the body that `write` emits; `count` is a local and is used up. Nothing runs for 0. */
export function emitLoop(fn: FunctionBuilder, count: number, write: () => void): void {
  const body = fn.capture(() => {
    write()
    fn.emit(set(count, i32.sub(get(count), i32.const(1))))
  })
  fn.emit(ifElse(get(count), doWhile(body, get(count)), []))
}
