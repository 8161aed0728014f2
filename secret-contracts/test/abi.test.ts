import { expect } from 'chai'
import { AbiCoder } from 'ethers'
import { fromHex, toHex } from '@enigma/protocol'
import { FAILURE_REASON } from '@enigma/enclave-sim/wasm'
import { createHarness, failed, fixtureSource, succeeded, type Deployed, type Harness } from './harness.ts'
import { randomFrom, type Random } from './random.ts'

const SEED = Number(process.env['ENIGMA_SEED'] ?? 4711)
const ROUNDS = 25
const coder = AbiCoder.defaultAbiCoder()

/** A random value of an ABI type, the edges of its range more often than chance would. */
function randomValue(type: string, random: Random): unknown {
  if (type.endsWith('[]')) {
    return Array.from({ length: random.below(5) }, () => randomValue(type.slice(0, -2), random))
  }
  const bits = /^uint(\d+)$/.exec(type)?.[1]
  if (bits !== undefined) {
    const max = 2n ** BigInt(bits) - 1n
    return [0n, 1n, max, max - 1n, BigInt(toHex(random.bytes(Number(bits) / 8)))][random.below(5)]
  }
  if (type === 'bool') return random.below(2) === 1
  if (type === 'address') return toHex(random.bytes(20))
  if (type === 'bytes32') return toHex(random.bytes(32))
  if (type === 'bytes')
    return random.below(4) === 0 ? '0x' : toHex(random.bytes([1, 31, 32, 33, 64, 500][random.below(6)]!))
  const texts = ['', 'a', 'exactly thirty-one bytes long ..', 'grüß Gott', '数字 ', '😀 astral', 'x'.repeat(100)]
  return texts[random.below(texts.length)]
}

describe(`secret-contracts/abi (seed ${SEED})`, function () {
  this.timeout(60_000)
  let harness: Harness
  let echo: Deployed
  before(async () => {
    harness = await createHarness()
    echo = await harness.deploy(fixtureSource('echo'))
  })
  after(() => harness.stop())

  const types: [string, string][] = [
    ['echoUint256', 'uint256'],
    ['echoUint64', 'uint64'],
    ['echoUint32', 'uint32'],
    ['echoUint16', 'uint16'],
    ['echoUint8', 'uint8'],
    ['echoBool', 'bool'],
    ['echoAddress', 'address'],
    ['echoBytes32', 'bytes32'],
    ['echoBytes', 'bytes'],
    ['echoString', 'string'],
    ['echoUint256s', 'uint256[]'],
    ['echoUint8s', 'uint8[]'],
    ['echoBools', 'bool[]'],
    ['echoAddresses', 'address[]'],
    ['echoStrings', 'string[]'],
    ['echoBytesArrays', 'bytes[][]'],
    ['echoMatrix', 'uint64[][]']
  ]
  for (const [name, type] of types) {
    it(`gives back any ${type} in the bytes that ethers writes`, async () => {
      const random = randomFrom(`${SEED} ${name}`)
      for (let round = 0; round < ROUNDS; round++) {
        const encoded = coder.encode([type], [randomValue(type, random)])
        const selector = echo.abi.getFunction(name)!.selector
        const { output } = succeeded(await echo.raw({ callData: fromHex(selector + encoded.slice(2)) }))
        expect(toHex(output)).to.equal(encoded)
      }
    })
  }

  it('publishes an ABI that ethers reads, with the types as declared', () => {
    for (const [name, type] of types) {
      const found = echo.abi.getFunction(name)!
      expect(found.format('sighash')).to.equal(`${name}(${type})`)
      expect(found.outputs.map(output => output.type)).to.deep.equal([type])
    }
    expect(echo.abi.getFunction('pick')!.inputs.map(({ name }) => name)).to.deep.equal([
      'which',
      'a',
      'b',
      'c',
      'd',
      'e',
      'f'
    ])
    expect(echo.abi.getFunction('nothing')!.outputs).to.deep.equal([])
  })

  const shape = ['uint32', 'string[]', 'uint256', 'bytes', 'uint64[][]', 'address', 'string']
  const pickSelector = (): string => echo.abi.getFunction('pick')!.selector
  const pickData = (random: Random): Uint8Array =>
    fromHex(
      pickSelector() +
        coder
          .encode(
            shape,
            shape.map(type => randomValue(type, random))
          )
          .slice(2)
    )

  it('reads dynamic and static arguments in any mixture', async () => {
    const random = randomFrom(`${SEED} mixture`)
    for (let round = 0; round < ROUNDS; round++) {
      const values = shape.map(type => randomValue(type, random)) as [bigint, string[], ...unknown[]]
      values[0] = BigInt(random.below(4))
      const expected = values[1][Number(values[0])] ?? values[6]
      expect(await echo.value('pick', values)).to.equal(expected)
    }
  })

  it('returns nothing for a function that returns nothing', async () => {
    expect(succeeded(await echo.call('nothing')).output).to.have.length(0)
  })

  describe('refuses as BAD_INPUT', () => {
    const refuses = async (callData: Uint8Array, message: RegExp): Promise<void> => {
      const failure = failed(await echo.raw({ callData }))
      expect(failure.reason, failure.message).to.equal(FAILURE_REASON.BAD_INPUT)
      expect(failure.message).to.match(message)
    }
    const call = (name: string, ...words: (string | bigint)[]): Uint8Array =>
      fromHex(
        echo.abi.getFunction(name)!.selector + words.map(word => BigInt(word).toString(16).padStart(64, '0')).join('')
      )

    it('no selector, and one of no function', async () => {
      for (const length of [0, 1, 3]) await refuses(new Uint8Array(length), /names no function/)
      await refuses(fromHex('0xdeadbeef'), /no function with this selector/)
    })

    it('missing and surplus arguments', async () => {
      await refuses(call('echoUint256'), /echoUint256\(uint256\): arguments are missing/)
      await refuses(call('echoUint256', 1n).subarray(0, 35), /arguments are missing/)
      await refuses(call('echoUint256', 1n, 2n), /more arguments than it takes/)
      await refuses(call('nothing', 1n), /more arguments/)
    })

    it('values out of their range', async () => {
      await refuses(call('echoUint64', 2n ** 64n), /echoUint64\(uint64\): an argument is out of its range/)
      await refuses(call('echoUint32', 2n ** 32n), /out of its range/)
      await refuses(call('echoUint16', 65_536n), /out of its range/)
      await refuses(call('echoUint8', 256n), /out of its range/)
      await refuses(call('echoBool', 2n), /neither true nor false/)
      await refuses(call('echoAddress', 2n ** 160n), /out of its range/)
    })

    it('offsets and lengths that lead anywhere else', async () => {
      await refuses(call('echoBytes', 0n), /offset is not where it belongs/)
      await refuses(call('echoBytes', 64n, 0n, 0n), /offset is not where it belongs/)
      await refuses(call('echoBytes', 2n ** 255n), /out of its range/)
      await refuses(call('echoBytes', 32n, 1n), /missing, or end too early/)
      await refuses(call('echoBytes', 32n, 2n ** 32n - 1n), /missing, or end too early/)
      await refuses(call('echoBytes', 32n, 2n ** 32n), /length is too large/)
      await refuses(call('echoBytes', 32n, 1n, 1n), /padding is not zero/)
      await refuses(call('echoUint256s', 32n, 2n ** 31n), /missing, or end too early/)
      await refuses(call('echoMatrix', 32n, 2n, 64n, 64n, 0n), /offset is not where it belongs/) // both rows at one place
    })

    it('every cut and every damaged byte, or reads another value: nothing traps', async () => {
      const random = randomFrom(`${SEED} damage`)
      for (let round = 0; round < 3; round++) {
        const callData = pickData(random)
        for (let at = 0; at < callData.length; at += 1 + random.below(16)) {
          expect(failed(await echo.raw({ callData: callData.subarray(0, at) })).reason, `cut at ${at}`).to.equal(
            FAILURE_REASON.BAD_INPUT
          )
          const damaged = callData.slice()
          damaged[at]! ^= 1 << random.below(8)
          const result = await echo.raw({ callData: damaged })
          if (!result.ok)
            expect(result.reason, `damaged at ${at}: ${result.message}`).to.equal(FAILURE_REASON.BAD_INPUT)
        }
      }
    })
  })
})
