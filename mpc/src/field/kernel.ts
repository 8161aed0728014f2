import { toLimbs, type FieldForm } from './prime.ts'
import { encodeModule } from './wasm.ts'
import type { Context } from './kernels/context.ts'
import { matmulKernel } from './kernels/matmul.ts'
import { productKernel } from './kernels/product.ts'
import { sumKernel } from './kernels/sum.ts'
import { maskKernel, sampleKernel, validKernel } from './kernels/words.ts'

/**
 * Batch kernels over vectors of field elements, generated for one prime.
 *
 * An element is `limbs` 32-bit words, each below 2^width, and its value is always below p: every kernel reduces fully before it
 * stores. No kernel branches on, or indexes by, the value of an element. Pointers and strides are in bytes; a stride of 0
 * repeats one element. Operands may be the output, at the same offset.
 */
export interface Kernel {
  add(out: number, a: number, b: number, count: number, strideA: number, strideB: number): void
  sub(out: number, a: number, b: number, count: number, strideA: number, strideB: number): void
  mul(out: number, a: number, b: number, count: number, strideA: number, strideB: number): void
  /** out = a*u + b*v, with strides of their own for u and v. */
  mul2(out: number, a: number, u: number, b: number, v: number, count: number, strideU: number, strideV: number): void
  /** out[i][j] = sum over l of a[i][l] * b[l][j]; element a[i][l] is at a + i*rowA + l*stepA, b[l][j] at b + l*stepB + j*columnB. */
  matmul(
    out: number,
    a: number,
    b: number,
    rows: number,
    inner: number,
    columns: number,
    rowA: number,
    stepA: number,
    stepB: number,
    columnB: number
  ): void
  /** Keeps the candidates below p among `count` random ones (words are masked to the field's width). Returns how many it kept. */
  sample(out: number, source: number, count: number): number
  /** 1 if all elements are well formed: words below 2^width and value below p. Looks at every element in any case. */
  valid(a: number, count: number): number
  /** out = a AND mask, word by word, with one mask element for all. */
  mask(out: number, a: number, mask: number, count: number): void
}

export const SCRATCH_PAGES = 64

/** The module with the kernels of a prime. `test/field/secret-flow` reads it and looks for branches and addresses that depend on elements. */
export function encodeKernels(form: FieldForm): Uint8Array<ArrayBuffer> {
  const context: Context = {
    form,
    prime: toLimbs(form.p, form),
    limbMask: (1n << BigInt(form.width)) - 1n,
    size: 4 * form.limbs
  }
  const functions = [
    sumKernel('add', context),
    sumKernel('sub', context),
    productKernel('mul', context, 1),
    productKernel('mul2', context, 2),
    matmulKernel(context),
    sampleKernel(context),
    validKernel(context),
    maskKernel(context)
  ]
  return encodeModule(functions, SCRATCH_PAGES)
}

/** Compiles the kernels of a prime: about 10 ms, once per prime and process. */
export function compileKernel(form: FieldForm): { kernel: Kernel; memory: WebAssembly.Memory } {
  const memory = new WebAssembly.Memory({ initial: SCRATCH_PAGES, maximum: SCRATCH_PAGES })
  const module = new WebAssembly.Module(encodeKernels(form))
  const instance = new WebAssembly.Instance(module, { env: { memory } })
  return { kernel: instance.exports as unknown as Kernel, memory }
}
