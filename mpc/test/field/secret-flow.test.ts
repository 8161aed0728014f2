import { expect } from 'chai'
import { DEFAULT_PRIME, FAST_PRIME } from '../../src/field/field.ts'
import { encodeKernels } from '../../src/field/kernel.ts'
import { fieldForm } from '../../src/field/prime.ts'
import { doWhile, encodeModule, FunctionBuilder, get, i32, i64, ifElse, set } from '../../src/field/wasm.ts'
import { secretFlow } from './secret-flow.ts'

describe('mpc/field without branches on secrets', () => {
  for (const p of [DEFAULT_PRIME, FAST_PRIME, 2n ** 61n - 1n, 2n ** 61n + 15n, 2n ** 255n - 19n, 2n ** 256n - 189n]) {
    const form = fieldForm(p)
    it(`generates kernels that neither branch on elements nor index by them: ${form.bits} bits, ${form.kind}`, () => {
      expect(secretFlow(encodeKernels(form))).to.deep.equal({
        add: [],
        sub: [],
        mul: [],
        mul2: [],
        matmul: [],
        // where a candidate is stored depends on how many were kept before: it says nothing of those that are kept
        sample: ['address'],
        valid: [],
        mask: []
      })
    })
  }

  it('sees a branch, a loop and an address that depend on what was loaded, also by way of a local and around a loop', () => {
    const build = (write: (fn: FunctionBuilder) => void): string[] => {
      const fn = new FunctionBuilder('test', ['i32'])
      write(fn)
      return secretFlow(encodeModule([fn], 1)).test!
    }
    const loaded = i32.wrap(i64.load32(get(0), 0))
    const nothing = i64.store32(get(0), 0, i64.const(1))
    expect(build(fn => fn.emit(nothing))).to.deep.equal([])
    expect(build(fn => fn.emit(ifElse(loaded, nothing, nothing)))).to.deep.equal(['branch'])
    expect(build(fn => fn.emit(doWhile(nothing, i32.and(loaded, i32.const(1)))))).to.deep.equal(['branch'])
    expect(build(fn => fn.emit(i64.store32(i32.add(get(0), loaded), 0, i64.const(1))))).to.deep.equal(['address'])
    const around = build(fn => {
      const [a, b] = [fn.local('i32'), fn.local('i32')]
      // the secret comes to `b` in the first turn of the loop and is used at the beginning of the second
      fn.emit(doWhile([...ifElse(get(b), nothing, nothing), ...set(b, get(a)), ...set(a, loaded)], get(0)))
    })
    expect(around).to.deep.equal(['branch'])
  })
})
