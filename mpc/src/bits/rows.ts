/**
 * Bits of many numbers, one row for each bit position: bit k & 31 of word k >> 5 in row b is bit b of number k. Rows are as long
 * as all numbers need, so one word operation works on 32 numbers. What lies beyond the last number is noise that nobody reads.
 */
export type Words = Uint32Array<ArrayBuffer>

export const rowWords = (count: number): number => Math.ceil(count / 32)

/** Transposes a square of 32 words in place. @see Warren: Hacker's Delight, section 7-3. */
function transposeSquare(a: Words): void {
  let mask = 0x0000ffff
  for (let j = 16; j !== 0; j >>= 1, mask ^= mask << j) {
    for (let k = 0; k < 32; k = (k + j + 1) & ~j) {
      const t = ((a[k]! >>> j) ^ a[k + j]!) & mask
      a[k] = a[k]! ^ (t << j)
      a[k + j] = a[k + j]! ^ t
    }
  }
}

/** Numbers of `wordsEach` words (lowest first) to the rows of their lowest `width` bits. */
export function toRows(numbers: Words, wordsEach: number, width: number): Words {
  const count = numbers.length / wordsEach
  const stride = rowWords(count)
  const rows = new Uint32Array(width * stride)
  const square = new Uint32Array(32)
  for (let column = 0; column < stride; column++) {
    const here = Math.min(32, count - 32 * column)
    for (let word = 0; 32 * word < width; word++) {
      for (let k = 0; k < 32; k++) square[k] = k < here ? numbers[(32 * column + k) * wordsEach + word]! : 0
      transposeSquare(square)
      const height = Math.min(32, width - 32 * word)
      for (let b = 0; b < height; b++) rows[(32 * word + b) * stride + column] = square[b]!
    }
  }
  return rows
}

/** Plain field words (`limbs` of `bits` bits) to ordinary words of 32 bits, `wordsEach` for each number; higher bits are dropped. */
export function repack(raw: Words, limbs: number, bits: number, wordsEach: number): Words {
  const count = raw.length / limbs
  const out = new Uint32Array(count * wordsEach)
  for (let word = 0; word < wordsEach; word++) {
    const first = Math.floor((32 * word) / bits)
    const skip = 32 * word - first * bits
    for (let k = 0; k < count; k++) {
      let value = raw[k * limbs + first]! >>> skip
      for (let l = first + 1, at = bits - skip; l < limbs && at < 32; l++, at += bits)
        value |= raw[k * limbs + l]! << at
      out[k * wordsEach + word] = value
    }
  }
  return out
}

/** minuend - subtrahend modulo 2^(32 wordsEach), number by number; without a minuend, the negative. Takes no branch on values. */
export function subtract(minuend: Words | null, subtrahend: Words, wordsEach: number): Words {
  const out = new Uint32Array(subtrahend.length)
  for (let k = 0; k < out.length; k += wordsEach) {
    let borrow = 0
    for (let word = 0; word < wordsEach; word++) {
      const difference = (minuend ? minuend[k + word]! : 0) - subtrahend[k + word]! - borrow
      out[k + word] = difference
      borrow = Math.floor(difference / 2 ** 32) & 1
    }
  }
  return out
}

export function xor(a: Words, b: Words): Words {
  const out = new Uint32Array(a.length)
  for (let i = 0; i < out.length; i++) out[i] = a[i]! ^ b[i]!
  return out
}

/** Rows `from`, `from + step`, ... below `to`, in that order. */
export function pickRows(rows: Words, stride: number, from: number, to: number, step = 1): Words {
  if (step === 1) return rows.subarray(from * stride, Math.max(from, to) * stride)
  const count = Math.max(0, Math.ceil((to - from) / step))
  const out = new Uint32Array(count * stride)
  for (let i = 0; i < count; i++) {
    const at = (from + i * step) * stride
    for (let word = 0; word < stride; word++) out[i * stride + word] = rows[at + word]!
  }
  return out
}

export function joinRows(parts: readonly Words[]): Words {
  if (parts.length === 1) return parts[0]!
  const out = new Uint32Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}
