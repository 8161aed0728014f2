import { Varints } from './varints.ts'

/** Snappy; of something damaged as much as can be unpacked. https://github.com/google/snappy/blob/main/format_description.txt */
export function unpacked(packed: Uint8Array): Uint8Array {
  const read = new Varints(packed)
  const length = read.next()
  const out = new Uint8Array(Math.min(length || 0, 22 * packed.length)) // 3 bytes make 64 at most
  let [at, made] = [read.at, 0]
  const little = (count: number): number => {
    let value = 0
    for (let i = 0; i < count; i++) value += (packed[at++] ?? NaN) * 256 ** i
    return value
  }
  while (at < packed.length && made < out.length) {
    const tag = packed[at++]!
    let size = (tag >> 2) + 1
    if ((tag & 3) === 0) {
      if (size > 60) size = little(size - 60) + 1
      if (!(at + size <= packed.length && made + size <= out.length)) break
      out.set(packed.subarray(at, at + size), made)
      at += size
    } else {
      const isShort = (tag & 3) === 1
      if (isShort) size = ((tag >> 2) & 7) + 4
      const back = isShort ? (tag >> 5) * 256 + little(1) : little((tag & 3) === 2 ? 2 : 4)
      if (!(back > 0 && back <= made && made + size <= out.length)) break
      for (let i = 0; i < size; i++) out[made + i] = out[made + i - back]!
    }
    made += size
  }
  return out.subarray(0, made)
}
