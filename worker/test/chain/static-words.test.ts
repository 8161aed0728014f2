import { expect } from 'chai'
import { AbiCoder, type EventFragment } from 'ethers'
import { randomOf } from '@enigma/faults'
import { toHex } from '@enigma/protocol'
import { enigmaInterface } from '../../src/chain/enigma-abi.ts'
import { wordsReader } from '../../src/chain/static-words.ts'

const SEED = Number(process.env['SEED'] ?? Date.now() % 2 ** 31)

describe(`chain/static-words (SEED=${SEED})`, () => {
  const random = randomOf(SEED)
  const coder = AbiCoder.defaultAbiCoder()
  const bytes = (count: number): string =>
    toHex(Uint8Array.from({ length: count }, () => (random.next() < 0.2 ? 0 : Math.floor(random.next() * 256))))
  function randomOfType(type: string): unknown {
    if (type === 'bool') return random.next() < 0.5
    if (type === 'address') return bytes(20)
    if (type === 'bytes32') return bytes(32)
    return BigInt(bytes(Number(type.slice('uint'.length)) / 8))
  }
  const plain = (value: unknown): unknown => (typeof value === 'string' ? value.toLowerCase() : value)

  it('reads what the library reads, of every event of Enigma that has static fields alone', () => {
    let events = 0
    for (const fragment of enigmaInterface.fragments) {
      if (fragment.type !== 'event') continue
      for (const isIndexed of [true, false]) {
        const types = (fragment as EventFragment).inputs.filter(f => f.indexed === isIndexed).map(f => f.type)
        const read = wordsReader(types)
        if (!read) continue
        events += 1
        for (let i = 0; i < 20; i++) {
          const data = coder.encode(types, types.map(randomOfType))
          expect(read(data), types.join()).to.deep.equal([...coder.decode(types, data)].map(plain))
        }
      }
    }
    expect(events).to.be.greaterThan(20)
    expect(wordsReader(['uint64', 'bytes'])).to.equal(null)
    expect(wordsReader(['uint256[]'])).to.equal(null)
  })

  it('refuses words that do not fit, and data that is too short or no hex', () => {
    const large = `0x${'f'.repeat(64)}`
    for (const type of ['uint8', 'uint64', 'address', 'bool']) {
      expect(() => wordsReader([type])!(large), type).to.throw(`no ${type}`)
    }
    expect(() => wordsReader(['uint256', 'uint256'])!(large)).to.throw('Too few')
    expect(() => wordsReader(['uint256'])!(`0x${'g'.repeat(64)}`)).to.throw('no hex')
    expect(wordsReader(['uint256'])!(large)).to.deep.equal([2n ** 256n - 1n])
  })
})
