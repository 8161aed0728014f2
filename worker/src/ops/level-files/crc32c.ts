const MASK_DELTA = 0xa282ead8

/** CRC-32C, eight bytes at a time: 600 MiB/s and more by itself. `CRC[256 * k + b]`: what b does from k bytes away. */
const CRC = new Uint32Array(8 * 256)
for (let b = 0; b < 256; b++) {
  let crc = b
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1
  CRC[b] = crc
}
for (let i = 256; i < CRC.length; i++) CRC[i] = (CRC[i - 256]! >>> 8) ^ CRC[CRC[i - 256]! & 255]!

/** One byte more; begin with -1. */
export const crcStep = (crc: number, byte: number): number => (crc >>> 8) ^ CRC[(crc ^ byte) & 255]!
export const masked = (crc: number): number => {
  const done = ~crc >>> 0
  return (((done >>> 15) | (done << 17)) + MASK_DELTA) >>> 0
}

const unmasked = (stored: number): number => {
  const rotated = (stored - MASK_DELTA) >>> 0
  return ((rotated << 15) | (rotated >>> 17)) >>> 0
}

/** As LevelDB stores it, over `bytes[from..to)`. */
export function checksum(bytes: Uint8Array, from: number, to: number): number {
  let crc = -1
  let i = from
  for (; i + 8 <= to; i += 8) {
    crc ^= bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24)
    crc =
      CRC[1792 + (crc & 255)]! ^
      CRC[1536 + ((crc >>> 8) & 255)]! ^
      CRC[1280 + ((crc >>> 16) & 255)]! ^
      CRC[1024 + (crc >>> 24)]! ^
      CRC[768 + bytes[i + 4]!]! ^
      CRC[512 + bytes[i + 5]!]! ^
      CRC[256 + bytes[i + 6]!]! ^
      CRC[bytes[i + 7]!]!
  }
  for (; i < to; i++) crc = crcStep(crc, bytes[i]!)
  return masked(crc)
}

/**
 * The one bit of `bytes[from..to)` and of the checksum behind `stored` that must be flipped for the two to fit, counted from the first bit of `bytes`;
 * null if no single one does. What a flipped bit changes in a CRC depends on its distance to the end alone.
 *
 * @param stored where the checksum is
 */
export function flippedBit(bytes: Uint8Array, from: number, to: number, stored: number): number | null {
  const word = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(stored, true)
  const found = checksum(bytes, from, to)
  const inChecksum = (found ^ word) >>> 0
  if (inChecksum !== 0 && (inChecksum & (inChecksum - 1)) === 0) return 8 * stored + 31 - Math.clz32(inChecksum)
  const difference = (unmasked(found) ^ unmasked(word)) >>> 0
  const changes = Array.from({ length: 8 }, (_, bit) => CRC[1 << bit]!)
  for (let at = to - 1; at >= from; at--) {
    const bit = changes.indexOf(difference)
    if (bit !== -1) return 8 * at + bit
    for (let i = 0; i < 8; i++) changes[i] = crcStep(changes[i]!, 0) >>> 0
  }
  return null
}
