/** Reads values of Solidity's static types, one word of 32 bytes each, without the library's general decoder. */
export type WordReader = (word: string) => unknown // 64 digits of hex

const ZEROS = '0'.repeat(64)
/** A string put together from parts keeps the parts, and so the whole log that one of them was cut from, as long as it lives itself. */
const whole = (text: string): string => Buffer.from(text, 'latin1').toString('latin1')
const unfit = (type: string): Error => new Error(`A word that is no ${type}.`)

function readerOf(type: string): WordReader | null {
  const uint = /^uint(\d+)$/.exec(type)
  if (uint) {
    const zeros = 64 - Number(uint[1]) / 4
    return word => {
      if (!word.startsWith(ZEROS.slice(0, zeros))) throw unfit(type)
      return BigInt(`0x${word}`)
    }
  }
  if (type === 'bytes32') return word => whole(`0x${word}`)
  if (type === 'address') {
    return word => {
      if (!word.startsWith(ZEROS.slice(0, 24))) throw unfit(type)
      return whole(`0x${word.slice(24)}`)
    }
  }
  if (type === 'bool') {
    return word => {
      const value = BigInt(`0x${word}`)
      if (value > 1n) throw unfit(type)
      return value === 1n
    }
  }
  return null
}

/** For values of these types in a row; null if one of them is not static, or none of those above. */
export function wordsReader(types: readonly string[]): ((data: string) => unknown[]) | null {
  const readers = types.map(readerOf)
  if (!readers.every(reader => reader !== null)) return null
  const digits = 2 + 64 * readers.length
  return data => {
    if (data.length < digits || !/^0x[0-9a-f]*$/i.test(data)) throw new Error('Too few words, or no hex.')
    const words = data.toLowerCase()
    return readers.map((read, i) => read(words.slice(2 + 64 * i, 66 + 64 * i)))
  }
}
