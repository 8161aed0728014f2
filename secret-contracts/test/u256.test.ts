import { expect } from 'chai'
import { toHex } from '@enigma/protocol'
import { FAILURE_REASON } from '@enigma/enclave-sim/wasm'
import { createHarness, failed, fixtureSource, type Deployed, type Harness } from './harness.ts'
import { randomFrom, type Random } from './random.ts'

const SEED = Number(process.env['ENIGMA_SEED'] ?? 4712)
const ROUNDS = 400
const MOD = 2n ** 256n

/** Random numbers of every length, with runs of zeros and ones, which are what long division stumbles over. */
function number(random: Random): bigint {
  const edges = [0n, 1n, 2n, 2n ** 32n - 1n, 2n ** 32n, 2n ** 64n - 1n, 2n ** 64n, 2n ** 128n, 2n ** 255n, MOD - 1n]
  if (random.below(5) === 0) return edges[random.below(edges.length)]!
  const bytes = random.bytes(1 + random.below(32))
  for (let at = 0; at < bytes.length; at++) {
    const fill = random.below(5)
    if (fill < 2) bytes.fill([0x00, 0xff][fill]!, at, at + random.below(6))
  }
  return BigInt(toHex(bytes))
}

describe(`secret-contracts/u256 (seed ${SEED})`, function () {
  this.timeout(60_000)
  let harness: Harness
  let contract: Deployed
  before(async () => {
    harness = await createHarness()
    contract = await harness.deploy(fixtureSource('arithmetic'))
  })
  after(() => harness.stop())

  /** The result, or undefined where the contract must give up. */
  const operations: Record<string, (a: bigint, b: bigint) => bigint | undefined> = {
    add: (a, b) => (a + b < MOD ? a + b : undefined),
    sub: (a, b) => (a >= b ? a - b : undefined),
    mul: (a, b) => (a * b < MOD ? a * b : undefined),
    div: (a, b) => (b > 0n ? a / b : undefined),
    rem: (a, b) => (b > 0n ? a % b : undefined),
    and: (a, b) => a & b,
    or: (a, b) => a | b,
    xor: (a, b) => a ^ b,
    compare: (a, b) =>
      BigInt(
        [a === b, a !== b, a < b, a > b, a <= b, a >= b].reduce((bits, holds, i) => bits | (holds ? 1 << i : 0), 0)
      )
  }
  for (const [name, expected] of Object.entries(operations)) {
    it(`${name} agrees with exact arithmetic`, async () => {
      const random = randomFrom(`${SEED} ${name}`)
      for (let round = 0; round < ROUNDS; round++) {
        const a = number(random)
        const b = random.below(20) === 0 ? a : number(random)
        const wanted = expected(a, b)
        const text = `${name}(0x${a.toString(16)}, 0x${b.toString(16)})`
        if (wanted !== undefined) expect(await contract.value(name, [a, b]), text).to.equal(wanted)
        else expect(failed(await contract.call(name, [a, b])).reason, text).to.equal(FAILURE_REASON.REVERT)
      }
    })
  }

  it('divides where the first estimate of a digit is one too high', async () => {
    // Knuth's rare "add back" step: divisors just above a power of the base
    const cases: [bigint, bigint][] = [
      [((2n ** 31n) << 64n) | 3n, ((2n ** 31n) << 32n) | 1n],
      [0x7fffffff800000010000000000000000n, 0x800000008000000200000005n],
      [0x800000000000000000000003n, 0x200000000000000000000001n],
      [MOD - 1n, 2n ** 128n - 1n],
      [2n ** 255n, 2n ** 128n + 2n ** 96n - 1n]
    ]
    for (const [a, b] of cases) {
      expect(await contract.value('div', [a, b])).to.equal(a / b)
      expect(await contract.value('rem', [a, b])).to.equal(a % b)
    }
  })

  it('writes and reads decimal digits', async () => {
    const random = randomFrom(`${SEED} digits`)
    const values = [
      0n,
      9n,
      10n,
      10n ** 9n - 1n,
      10n ** 9n,
      10n ** 18n,
      10n ** 76n,
      MOD - 1n,
      ...Array.from({ length: 50 }, () => number(random))
    ]
    for (const value of values) {
      expect(await contract.value('show', [value])).to.equal(String(value))
      expect(await contract.value('parse', [String(value)])).to.equal(value)
    }
    for (const text of ['', '-1', '1.5', '0x10', ' 1', String(MOD)]) {
      expect(failed(await contract.call('parse', [text])).reason, text).to.equal(FAILURE_REASON.REVERT)
    }
  })

  it('narrows to u64 only what fits', async () => {
    expect(await contract.value('small', [2n ** 64n - 1n])).to.equal(2n ** 64n - 1n)
    for (const value of [2n ** 64n, 2n ** 128n, 2n ** 192n]) {
      expect(failed(await contract.call('small', [value])).message).to.equal('the number does not fit 64 bits')
    }
  })

  it('checks the arithmetic of small integers', async () => {
    for (const [name, bits] of [
      ['checkedU64', 64n],
      ['checkedU8', 8n]
    ] as const) {
      const random = randomFrom(`${SEED} ${name}`)
      const max = 2n ** bits - 1n
      for (let round = 0; round < 100; round++) {
        const [a, b] = [0, 1].map(
          () => [0n, 1n, max, max / 2n, number(random) & max, number(random) & 15n][random.below(6)]!
        ) as [bigint, bigint]
        const results = [
          a + b <= max ? a + b : undefined,
          a >= b ? a - b : undefined,
          a * b <= max ? a * b : undefined,
          b > 0n ? a / b : undefined
        ]
        for (const [op, wanted] of results.entries()) {
          const text = `${name} ${op} ${a} ${b}`
          if (wanted !== undefined) expect(await contract.value(name, [op, a, b]), text).to.equal(wanted)
          else expect(failed(await contract.call(name, [op, a, b])).reason, text).to.equal(FAILURE_REASON.REVERT)
        }
      }
    }
  })
})
