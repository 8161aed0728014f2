import { expect } from 'chai'
import { EnigmaError } from '@enigma/protocol'
import { readArguments, readValue } from '../../src/abi/read-argument.ts'
import { showValue, toJson } from '../../src/abi/show-value.ts'
import { testIo } from '../support/io.ts'

describe('cli/abi', () => {
  const good: [string, string, unknown][] = [
    ['uint256', '1000000', 1_000_000n],
    ['uint256', '1_000_000n', 1_000_000n],
    ['uint256', (2n ** 256n - 1n).toString(), 2n ** 256n - 1n],
    ['uint64', '0xff', 255n],
    ['uint32', '0', 0n],
    ['int8', '-128', -128n],
    ['bool', 'true', true],
    ['address', `0x${'Ab'.repeat(20)}`, `0x${'ab'.repeat(20)}`],
    ['bytes', '0x', '0x'],
    ['bytes32', `0x${'ab'.repeat(32)}`, `0x${'ab'.repeat(32)}`],
    ['string', 'hello, "world"', 'hello, "world"'],
    ['uint256[]', '[1, 340282366920938463463374607431768211455, "3"]', [1n, 2n ** 128n - 1n, 3n]],
    ['string[]', '["a", "b"]', ['a', 'b']],
    ['uint64[][]', '[[1, 2], []]', [[1n, 2n], []]],
    ['bool[]', '[true, false]', [true, false]]
  ]
  for (const [type, word, value] of good) {
    it(`reads ${word.slice(0, 50)} as ${type}`, () => expect(readValue('x', type, word)).to.deep.equal(value))
  }

  const bad: [string, string][] = [
    ['uint256', 'ten'],
    ['uint256', '1.5'],
    ['uint256', '-1'],
    ['uint256', (2n ** 256n).toString()],
    ['uint32', '4294967296'],
    ['int8', '128'],
    ['bool', 'yes'],
    ['address', '0x1234'],
    ['bytes', '0x123'],
    ['bytes32', '0x12'],
    ['uint256[]', '7, 8'],
    ['uint256[]', '{"a": 1}'],
    ['uint256[]', '[1, "two"]'],
    ['tuple', '1']
  ]
  for (const [type, word] of bad) {
    it(`refuses ${word.slice(0, 30)} as ${type}, without repeating it`, () => {
      expect(() => readValue('amount', type, word)).to.throw(EnigmaError, /^amount/)
      try {
        readValue('amount', type, word)
      } catch (error) {
        expect((error as EnigmaError).code).to.equal('CLI_ARGUMENT')
        if (word.length > 3) expect((error as Error).message).to.not.include(word)
      }
    })
  }

  it('asks for an argument that should not stand on the command line', async () => {
    const inputs = [
      { name: 'who', type: 'address' },
      { name: 'amount', type: 'uint256' }
    ]
    const io = testIo({}, ['123456'])

    expect(await readArguments('bid', inputs, [`0x${'01'.repeat(20)}`, '-'], io)).to.deep.equal([
      `0x${'01'.repeat(20)}`,
      123456n
    ])
  })

  it('shows results in full, and keeps the terminal in order', () => {
    expect(showValue([2n ** 128n, true, ['a']])).to.equal('[340282366920938463463374607431768211456, true, [a]]')
    expect(showValue('\u001b[31mred')).to.equal('?[31mred')
    expect(showValue(undefined)).to.equal('')
    expect(toJson({ n: 2n ** 70n })).to.equal('{"n":"1180591620717411303424"}')
  })
})
