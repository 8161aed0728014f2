const MASK_DELTA = 0xa282ead8

/** CRC-32C, eight bytes at a time: 600 MiB/s and more. `CRC[256 * k + b]`: what b does from k bytes away. */
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
