import { keccak_256 } from '@noble/hashes/sha3.js'
import { expect } from 'chai'
import { toHex } from '@enigma/protocol'
import { instrument, METER_EXPORTS } from '../../src/wasm/binary/instrument.ts'
import { STACK_SLOTS } from '../../src/wasm/limits.ts'
import { FAILURE_REASON } from '../../src/wasm/reasons.ts'
import { randomModule } from './random-module.ts'
import { execute } from './support.ts'

const COUNT = Number(process.env['ENIGMA_WASM_MODULES'] ?? 200) // the campaign runs 100,000
const SEED = Number(process.env['ENIGMA_SEED'] ?? 20_260)

interface Outcome {
  trap: string | undefined
  memory: string
  pages: number
}

/** Runs `call` and looks at everything a contract could have changed. */
function outcome(instance: WebAssembly.Instance): Outcome {
  let trap: string | undefined
  try {
    ;(instance.exports['call'] as () => void)()
  } catch (error) {
    if (!(error instanceof WebAssembly.RuntimeError)) throw error
    trap = error.message
  }
  const memory = instance.exports['memory'] as WebAssembly.Memory
  return { trap, memory: toHex(keccak_256(new Uint8Array(memory.buffer))), pages: memory.buffer.byteLength / 65_536 }
}

describe(`wasm: random modules, metered against plain (seed ${SEED}, ${COUNT} modules)`, function () {
  this.timeout(600_000)

  it('do the same, trap alike, and cost the same gas twice, to the last unit', () => {
    const seen = { success: 0, trap: 0, gas: 0n }
    for (let i = 0; i < COUNT; i++) {
      const seed = SEED + i
      const code = randomModule(seed)
      expect(WebAssembly.validate(code), `module ${seed} is valid`).to.equal(true)

      const plain = outcome(new WebAssembly.Instance(new WebAssembly.Module(code)))
      const metered = new WebAssembly.Instance(new WebAssembly.Module(instrument(code).wasm))
      const gas = metered.exports[METER_EXPORTS.gas] as WebAssembly.Global<'i64'>
      const stack = metered.exports[METER_EXPORTS.stack] as WebAssembly.Global<'i32'>
      gas.value = 1n << 50n
      stack.value = STACK_SLOTS
      expect(outcome(metered), `module ${seed}`).to.deep.equal(plain)
      if (plain.trap === undefined) expect(stack.value, `stack of module ${seed}`).to.equal(STACK_SLOTS)

      const first = execute(code, { gasLimit: 1_000_000_000n })
      expect(execute(code, { gasLimit: 1_000_000_000n }), `module ${seed}`).to.deep.equal(first)
      expect(first.ok, `module ${seed}`).to.equal(plain.trap === undefined)
      if (!first.ok) expect(first.reason).to.equal(FAILURE_REASON.TRAP)
      seen[first.ok ? 'success' : 'trap']++
      seen.gas += first.gasUsed

      for (const gasLimit of [1_000_000_000n, first.gasUsed - 1n]) {
        const bare = execute(code, { gasLimit })
        const { trace, ...traced } = execute(code, { gasLimit, trace: true })
        expect(traced, `module ${seed}, traced`).to.deep.equal(bare)
        const sum = [...trace!.functions, ...trace!.host].reduce((total, { gas }) => total + gas, 0)
        expect(trace!.gasUsed, `module ${seed}`).to.equal(Number(bare.gasUsed))
        if (bare.ok) expect(sum, `module ${seed}: gas by function`).to.be.at.most(trace!.gasUsed)
      }

      expect(execute(code, { gasLimit: first.gasUsed }), `module ${seed}, exact gas`).to.deep.equal(first)
      expect(execute(code, { gasLimit: first.gasUsed - 1n }), `module ${seed}, one gas less`).to.include({
        ok: false,
        reason: FAILURE_REASON.OUT_OF_GAS,
        gasUsed: first.gasUsed - 1n
      })
    }
    // the generator is worth its time only while it makes both kinds
    expect(seen.success).to.be.above(COUNT / 10)
    expect(seen.trap).to.be.above(COUNT / 10)
  })
})
