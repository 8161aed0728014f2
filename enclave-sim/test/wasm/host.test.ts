import { gcmsiv } from '@noble/ciphers/aes.js'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { keccak_256 } from '@noble/hashes/sha3.js'
import { expect } from 'chai'
import { toHex, utf8, type Hex } from '@enigma/protocol'
import { FAILURE_REASON } from '../../src/wasm/reasons.ts'
import { HOST_GAS } from '../../src/wasm/gas.ts'
import { HOST_IMPORTS, type HostImport } from '../../src/wasm/host/imports.ts'
import { RUN_LIMITS } from '../../src/wasm/limits.ts'
import type { RunFailure, RunInput, RunResult, RunSuccess } from '../../src/wasm/run-types.ts'
import { assemble, type Code } from './assemble.ts'
import { execute } from './support.ts'

const NAMES = Object.keys(HOST_IMPORTS) as HostImport[]
const host = (name: HostImport, ...args: number[]): Code => [
  ...args.map(value => `i32.const ${value}`),
  `call ${NAMES.indexOf(name)}`
]

/** Runs `body` with all host functions at hand and `data` at address 0. */
function run(body: Code, data: Uint8Array = new Uint8Array(0), change: Partial<RunInput> = {}): RunResult {
  const code = assemble({ imports: NAMES, memory: [8], data: [[0, data]], call: body })
  return execute(code, { gasLimit: 200_000_000n, ...change })
}

function ok(result: RunResult): RunSuccess {
  if (!result.ok) throw new Error(`failed: ${result.reason} ${result.message}`)
  return result
}

function fails(result: RunResult): Omit<RunFailure, 'gasUsed'> {
  if (result.ok) throw new Error('succeeded')
  return { ok: false, reason: result.reason, message: result.message }
}

const FREE = 0x10000 // far from the data
/** Runs `body`, then returns `length` bytes at FREE. */
const output = (body: Code, length: number, data?: Uint8Array, change?: Partial<RunInput>): Uint8Array =>
  ok(run([...body, ...host('output_set', FREE, length)], data, change)).output

describe('wasm/host', () => {
  it('hands over the input, and the context of the record', () => {
    const context = {
      caller: new Uint8Array(20).map((_, i) => i + 1),
      scAddr: new Uint8Array(32).map((_, i) => 200 - i),
      blockNumber: 2n ** 62n + 3n,
      timeSeconds: 1_800_000_000n
    }
    const callData = utf8('four score and seven')
    const change = { context, callData }

    expect(output(host('input_copy', FREE), callData.length, undefined, change)).to.deep.equal(callData)
    expect(output([`i32.const ${FREE}`, ...host('input_length'), 'i32.store'], 1, undefined, change)).to.deep.equal(
      Uint8Array.of(20)
    )
    expect(output(host('caller', FREE), 20, undefined, change)).to.deep.equal(context.caller)
    expect(output(host('contract_address', FREE), 32, undefined, change)).to.deep.equal(context.scAddr)
    for (const [name, value] of [
      ['block_number', context.blockNumber],
      ['block_time', context.timeSeconds]
    ] as const) {
      const bytes = output([`i32.const ${FREE}`, ...host(name), 'i64.store'], 8, undefined, change)
      expect(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true)).to.equal(value)
    }
  })

  describe('state', () => {
    const KEY: Hex = toHex(utf8('key'))
    const OLD = utf8('old value')
    const state = new Map<Hex, Uint8Array>([[KEY, OLD]])
    const data = utf8('keyNEW')

    it('reads what is there, and what it wrote itself', () => {
      expect(output([...host('state_read', 0, 3, FREE, 100), 'drop'], 9, data, { state })).to.deep.equal(OLD)
      const written: Code = [...host('state_write', 0, 3, 3, 3), ...host('state_read', 0, 3, FREE, 100), 'drop']
      expect(output(written, 3, data, { state })).to.deep.equal(utf8('NEW'))
      const removed: Code = [
        ...host('state_remove', 0, 3),
        'drop',
        `i32.const ${FREE}`,
        ...host('state_length', 0, 3),
        'i32.store'
      ]
      expect(output(removed, 4, data, { state })).to.deep.equal(new Uint8Array(4).fill(0xff))
    })

    it('answers -1 for what is absent, and the length without copying when there is no room', () => {
      const word = (body: Code, input?: Map<Hex, Uint8Array>): number =>
        new Int32Array(
          output([`i32.const ${FREE}`, ...body, 'i32.store'], 4, data, { state: input ?? state }).slice().buffer
        )[0]!
      expect(word(host('state_read', 0, 2, FREE, 100))).to.equal(-1)
      expect(word(host('state_length', 0, 3))).to.equal(9)
      expect(word(host('state_read', 0, 3, FREE + 4, 8))).to.equal(9)
      expect(word(host('state_remove', 0, 2))).to.equal(0)
      expect(word(host('state_remove', 0, 3))).to.equal(1)
      expect(output([...host('state_read', 0, 3, FREE, 8), 'drop'], 9, data, { state })).to.deep.equal(
        new Uint8Array(9)
      )
    })

    it('reports the net changes, sorted, and leaves out what ends as it was', () => {
      const writes = (body: Code): [string, Uint8Array | null][] => [...ok(run(body, data, { state })).writes]
      expect(writes([...host('state_write', 3, 3, 0, 3), ...host('state_write', 0, 3, 3, 3)])).to.deep.equal([
        [toHex(utf8('NEW')), utf8('key')],
        [KEY, utf8('NEW')]
      ])
      expect(writes([...host('state_remove', 0, 3), 'drop'])).to.deep.equal([[KEY, null]])
      expect(writes([...host('state_write', 3, 3, 0, 3), ...host('state_remove', 3, 3), 'drop'])).to.deep.equal([])
      const back: Code = [
        ...host('state_read', 0, 3, FREE, 9),
        'drop',
        ...host('state_remove', 0, 3),
        'drop',
        ...host('state_write', 0, 3, FREE, 9)
      ]
      expect(writes(back)).to.deep.equal([])
    })

    it('drops all writes of a run that fails', () => {
      const result = run([...host('state_write', 0, 3, 3, 3), 'unreachable'], data, { state })
      expect(result).not.to.have.property('writes')
      expect(state.get(KEY)).to.deep.equal(OLD)
    })

    it('keeps keys apart that differ in one byte of any value', () => {
      const bytes = Uint8Array.from({ length: 256 }, (_, i) => i)
      const body = Array.from({ length: 256 }, (_, i) => host('state_write', i, 1, i, 1)).flat()
      const writes = ok(run(body, bytes)).writes
      expect([...writes.keys()]).to.deep.equal([...bytes].map(byte => toHex(Uint8Array.of(byte))))
    })

    it('refuses changes in a query', () => {
      for (const body of [
        host('state_write', 0, 3, 3, 3),
        [...host('state_remove', 0, 3), 'drop'],
        host('callback_set', 0, 0, 0, 0)
      ] as Code[]) {
        expect(fails(run(body, data, { state, readOnly: true })).reason).to.equal(FAILURE_REASON.READ_ONLY)
      }
      ok(run([...host('state_read', 0, 3, FREE, 9), 'drop', ...host('log', 0, 3)], data, { state, readOnly: true }))
    })

    it('holds the bounds of keys, values, delta and state', () => {
      const limit = (body: Code, change: Partial<RunInput> = {}): string => {
        const { reason, message } = fails(run(body, data, { gasLimit: 1_000_000_000n, ...change }))
        expect(reason).to.equal(FAILURE_REASON.LIMIT)
        return message
      }
      expect(limit(host('state_write', 0, 257, 0, 1))).to.match(/state key: 257 .* 256/)
      expect(limit(host('state_write', 0, 0, 0, 1))).to.match(/must not be empty/)
      expect(limit([...host('state_read', 0, 257, 0, 0), 'drop'])).to.match(/state key: 257/)
      expect(limit(host('state_write', 0, 3, 0, 65_537))).to.match(/state value: 65537 .* 65536/)
      const eight = Array.from({ length: 8 }, (_, i) => host('state_write', 0, i + 1, FREE, 65_536)).flat()
      expect(limit(eight, {})).to.match(/one run changes: 524324 .* 524288/)
      const full = new Map(
        Array.from({ length: 64 }, (_, i) => [toHex(Uint8Array.of(i + 128)), new Uint8Array(65_536 - 1)] as const)
      )
      expect(limit(host('state_write', 0, 1, 0, 1), { state: full })).to.match(/contract's state: 4194306 .* 4194304/)
      ok(
        run([...host('state_remove', 0, 1), 'drop', ...host('state_write', 0, 1, 0, 1)], Uint8Array.of(128), {
          state: full,
          gasLimit: 1_000_000_000n
        })
      )
    })
  })

  it('expands its seed to randomness: same seed, same bytes; other seed, call or length, others', () => {
    const draw = (fill: number, body: Code = host('random', FREE, 64)): string =>
      toHex(output(body, 64, undefined, { seed: new Uint8Array(32).fill(fill) }))
    const first = draw(1)

    expect(draw(1)).to.equal(first)
    expect(draw(2)).not.to.equal(first)
    expect(draw(1, [...host('random', 0, 64), ...host('random', FREE, 64)])).not.to.equal(first)
    const ones = [...output(host('random', FREE, 65_536), 65_536)].reduce(
      (sum, byte) => sum + byte.toString(2).replaceAll('0', '').length,
      0
    )
    expect(ones).to.be.within(262_144 - 1500, 262_144 + 1500) // 4 standard deviations of 2^19 fair bits
    ok(run(host('random', 0, 0)))
  })

  it('hashes as Ethereum does', () => {
    for (const length of [0, 1, 135, 136, 137, 1000]) {
      const data = new Uint8Array(length).map((_, i) => i * 7)
      expect(output(host('keccak256', 0, length, FREE), 32, data)).to.deep.equal(keccak_256(data))
    }
  })

  describe('ecrecover', () => {
    const key = new Uint8Array(32).fill(3)
    const hash = keccak_256(utf8('message'))
    const signer = keccak_256(secp256k1.getPublicKey(key, false).subarray(1)).slice(12)
    const recovered = secp256k1.sign(hash, key, { prehash: false, format: 'recovered' })
    const signature = (v: number, rs: Uint8Array = recovered.subarray(1)): Uint8Array =>
      Uint8Array.from([...hash, ...rs, v])
    const result = (data: Uint8Array): string =>
      toHex(output([`i32.const ${FREE + 32}`, ...host('ecrecover', 0, 32, FREE), 'i32.store8'], 33, data))

    it('finds the signer, with v as 27/28 or 0/1', () => {
      const expected = toHex(Uint8Array.from([...signer, ...new Uint8Array(12), 1]))
      expect(result(signature(27 + recovered[0]!))).to.equal(expected)
      expect(result(signature(recovered[0]!))).to.equal(expected)
    })

    it('answers 0 for what nobody signed, and for high-s copies', () => {
      const none = toHex(new Uint8Array(33))
      const { n } = secp256k1.Point.CURVE()
      const s = n - BigInt(toHex(recovered.subarray(33)))
      const high = Uint8Array.from([
        ...recovered.subarray(1, 33),
        ...Buffer.from(s.toString(16).padStart(64, '0'), 'hex')
      ])
      expect(result(signature(28 - recovered[0]!, high)), 'high s').to.equal(none)
      expect(result(signature(29)), 'v 29').to.equal(none)
      expect(result(signature(255)), 'v 255').to.equal(none)
      expect(result(signature(27, new Uint8Array(64))), 'zeros').to.equal(none)
      expect(result(signature(27, new Uint8Array(64).fill(255))), 'beyond the order').to.equal(none)
    })

    it('never breaks, whatever the bytes', () => {
      for (let i = 0; i < 300; i++) {
        const data = Uint8Array.from({ length: 97 }, (_, at) => (i * 131 + at * at * 17 + (i % 7) * at) & 0xff)
        data[96] = 27 + (i & 1)
        if (i % 10 === 0) data.fill(0, 32, 63)
        ok(run([...host('ecrecover', 0, 32, FREE), 'drop'], data))
      }
    })
  })

  describe('encrypt and decrypt', () => {
    const key = new Uint8Array(32).fill(5)
    const plain = utf8('attack at dawn')
    const data = Uint8Array.from([...key, ...plain])
    const seal = [...host('encrypt', 0, 32, plain.length, FREE), 'drop']
    const sealed = output(seal, plain.length + 28, data)

    it('seals with AES-256-GCM-SIV under a nonce of its own', () => {
      expect(gcmsiv(key, sealed.subarray(0, 12)).decrypt(sealed.subarray(12))).to.deep.equal(plain)
      const second = output([...seal, ...host('encrypt', 0, 32, plain.length, FREE), 'drop'], 12, data)
      expect(second).not.to.deep.equal(sealed.subarray(0, 12))
    })

    it('opens it again, and answers -1 for every damaged byte, another key, or too few bytes', () => {
      const open = (bytes: Uint8Array, length = bytes.length): number => {
        const body: Code = [`i32.const ${FREE}`, ...host('decrypt', 0, 32, length, FREE + 4), 'i32.store']
        const result = output(body, 4 + plain.length, Uint8Array.from([...key, ...bytes]))
        const answer = new DataView(result.buffer, result.byteOffset).getInt32(0, true)
        if (answer >= 0) expect(result.subarray(4)).to.deep.equal(plain)
        else expect(result.subarray(4)).to.deep.equal(new Uint8Array(plain.length))
        return answer
      }
      expect(open(sealed)).to.equal(plain.length)
      for (let at = 0; at < sealed.length; at++) {
        const damaged = sealed.slice()
        damaged[at]! ^= 1
        expect(open(damaged)).to.equal(-1)
      }
      for (const length of [0, 1, 27, 28, sealed.length - 1]) expect(open(sealed, length)).to.equal(-1)
    })

    it('takes empty messages', () => {
      expect(
        output(
          [
            ...host('encrypt', 0, 32, 0, 64),
            'drop',
            `i32.const ${FREE}`,
            ...host('decrypt', 0, 64, 28, FREE),
            'i32.store'
          ],
          4,
          data
        )
      ).to.deep.equal(new Uint8Array(4))
    })
  })

  describe('callback', () => {
    const target = new Uint8Array(20).fill(0xee)

    it('reports the last one set, and charges its gas and data', () => {
      const data = Uint8Array.from([...target, 1, 2, 3])
      const result = ok(run([...host('callback_set', 0, 0, 0, 5), ...host('callback_set', 0, 20, 3, 70_000)], data))
      const none = ok(run([], data))

      expect(result.callback).to.deep.equal({ target, data: Uint8Array.of(1, 2, 3), gas: 70_000 })
      expect(none.callback).to.equal(null)
      const { base, perByte, perEthereumGas } = HOST_GAS.callback
      expect(Number(result.gasUsed - none.gasUsed)).to.be.within(
        2 * base + 3 * perByte + 70_005 * perEthereumGas,
        2 * base + 3 * perByte + 70_005 * perEthereumGas + 100
      )
    })

    it('holds the bounds of gas and data', () => {
      for (const body of [
        host('callback_set', 0, 0, 0, 500_001),
        host('callback_set', 0, 0, 0, -1),
        host('callback_set', 0, 0, 4097, 0)
      ]) {
        expect(fails(run(body)).reason).to.equal(FAILURE_REASON.LIMIT)
      }
      ok(run(host('callback_set', 0, 0, 4096, 500_000)))
    })
  })

  it('collects log entries up to their bounds', () => {
    expect(ok(run([...host('log', 0, 3), ...host('log', 3, 2)], utf8('onetw'))).log).to.deep.equal([
      utf8('one'),
      utf8('tw')
    ])
    const loop = (count: number): Code => Array.from({ length: count }, () => host('log', 0, 1)).flat()
    expect(ok(run(loop(64))).log).to.have.length(64)
    expect(fails(run(loop(65))).reason).to.equal(FAILURE_REASON.LIMIT)
    expect(fails(run(host('log', 0, 4097))).reason).to.equal(FAILURE_REASON.LIMIT)
  })

  it('ends the run with a message, made printable and cut to its bound', () => {
    const text = utf8('no funds\u0000\u001b[31m!')
    expect(fails(run(host('revert', 0, text.length), text))).to.deep.equal({
      ok: false,
      reason: FAILURE_REASON.REVERT,
      message: 'no funds  [31m!'
    })
    expect(fails(run(host('bad_input', 0, 3), utf8('abc')))).to.deep.equal({
      ok: false,
      reason: FAILURE_REASON.BAD_INPUT,
      message: 'abc'
    })
    expect(fails(run(host('revert', 0, 5000), new Uint8Array(5000).fill(0x61))).message).to.equal(
      'a'.repeat(RUN_LIMITS.messageBytes)
    )
    expect(fails(run(host('revert', 0, 0))).message).to.equal('The contract gave up without saying why.')
    expect(fails(run(host('revert', 0, 3), Uint8Array.of(0xff, 0x41, 0xed))).message).to.equal('\ufffdA\ufffd')
  })

  it('refuses input and output beyond their bounds', () => {
    expect(fails(run([], undefined, { callData: new Uint8Array(RUN_LIMITS.inputBytes + 1) })).reason).to.equal(
      FAILURE_REASON.LIMIT
    )
    expect(fails(run(host('output_set', 0, 65_537))).reason).to.equal(FAILURE_REASON.LIMIT)
    expect(ok(run(host('output_set', 0, 65_536))).output).to.have.length(65_536)
  })

  describe('pointers', () => {
    const SIZE = 8 * 65_536
    const calls: [HostImport, (number | 'p' | 'l')[]][] = [
      ['input_copy', ['p']],
      ['output_set', ['p', 'l']],
      ['revert', ['p', 'l']],
      ['bad_input', ['p', 'l']],
      ['state_length', ['p', 'l']],
      ['state_read', ['p', 'l', 0, 0]],
      ['state_write', ['p', 'l', 0, 0]],
      ['state_write', [0, 1, 'p', 'l']],
      ['state_remove', ['p', 'l']],
      ['caller', ['p']],
      ['contract_address', ['p']],
      ['random', ['p', 'l']],
      ['keccak256', ['p', 'l', 0]],
      ['keccak256', [0, 0, 'p']],
      ['ecrecover', ['p', 0, 0]],
      ['ecrecover', [0, 'p', 0]],
      ['encrypt', ['p', 0, 0, 0]],
      ['encrypt', [0, 'p', 'l', 0]],
      ['encrypt', [0, 0, 16, 'p']],
      ['decrypt', ['p', 0, 0, 0]],
      ['decrypt', [0, 'p', 'l', 0]],
      ['callback_set', ['p', 0, 0, 0]],
      ['callback_set', [0, 'p', 'l', 0]],
      ['log', ['p', 'l']]
    ]
    for (const [name, args] of calls) {
      it(`${name}(${args.join(', ')}) outside memory ends the run as a trap`, () => {
        for (const [pointer, length] of [
          [SIZE - 3, 16],
          [SIZE, 1],
          [-1, 1],
          [-1, 16],
          [-16, 16],
          [0x7fffffff, 16]
        ] as const) {
          const numbers = args.map(arg => (arg === 'p' ? pointer : arg === 'l' ? length : arg))
          const drop = HOST_IMPORTS[name].results.length > 0 ? ['drop'] : []
          const result = run([...host(name, ...numbers), ...drop], undefined, { callData: new Uint8Array(16) })
          expect(fails(result).reason, `${pointer}, ${length}`).to.equal(FAILURE_REASON.TRAP)
        }
      })
      if (!args.includes('l')) continue
      it(`${name}(${args.join(', ')}) of 2^32 - 1 bytes ends the run, without room for them`, () => {
        const numbers = args.map(arg => (arg === 'p' ? 0 : arg === 'l' ? -1 : arg))
        const drop = HOST_IMPORTS[name].results.length > 0 ? ['drop'] : []
        const { reason } = fails(run([...host(name, ...numbers), ...drop]))
        expect([FAILURE_REASON.LIMIT, FAILURE_REASON.OUT_OF_GAS]).to.include(reason)
      })
    }

    it('follow memory when it grows', () => {
      const body: Code = [
        'i32.const 1',
        'memory.grow',
        'drop',
        ...host('caller', SIZE + 10),
        ...host('output_set', SIZE + 10, 20)
      ]
      expect(ok(run([...host('caller', 0), ...body])).output).to.deep.equal(new Uint8Array(20).fill(0xca))
    })
  })

  it('charges every host call, and runs out exactly one gas below what it used', () => {
    const bodies: Code[] = NAMES.filter(name => name !== 'revert' && name !== 'bad_input').map(name => {
      const drop = HOST_IMPORTS[name].results.length > 0 ? ['drop'] : []
      return [...host(name, ...HOST_IMPORTS[name].params.map(() => 1)), ...drop]
    })
    const idle = ok(run([])).gasUsed
    for (const [i, body] of bodies.entries()) {
      const { gasUsed } = ok(run(body))
      expect(Number(gasUsed - idle), NAMES[i]).to.be.at.least(300)
      ok(run(body, undefined, { gasLimit: gasUsed }))
      expect(run(body, undefined, { gasLimit: gasUsed - 1n })).to.include({
        reason: FAILURE_REASON.OUT_OF_GAS,
        gasUsed: gasUsed - 1n
      })
    }
  })
})
