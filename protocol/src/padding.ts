import { ProtocolError } from './errors.ts'

const SMALLEST = 256

/** The bucket that holds `length` bytes and their u32 length: 256 * 2^n. */
export function bucketOf(length: number): number {
  let bucket = SMALLEST
  while (bucket < length + 4) bucket *= 2
  return bucket
}

/** Buckets an eighth apart, for what is large: 256, 512, ... 2048, then steps of an eighth of the power of two below. */
export function fineBucketOf(length: number): number {
  const needed = length + 4
  const step = Math.max(SMALLEST, 2 ** (31 - Math.clz32(needed) - 3))
  return Math.ceil(needed / step) * step
}

/** Hides a length among those of its bucket: u32 length, the bytes, zeros. */
export function pad(data: Uint8Array, bucket = bucketOf): Uint8Array {
  const padded = new Uint8Array(bucket(data.length))
  new DataView(padded.buffer).setUint32(0, data.length)
  padded.set(data, 4)
  return padded
}

/** @throws PROTOCOL_DECODE unless the bytes are exactly what `pad` makes. */
export function unpad(padded: Uint8Array, bucket = bucketOf): Uint8Array {
  const refuse = (): ProtocolError =>
    new ProtocolError({ code: 'PROTOCOL_DECODE', what: 'padding' }, 'The padding is wrong.')
  if (padded.length < SMALLEST) throw refuse()
  const length = new DataView(padded.buffer, padded.byteOffset).getUint32(0)
  if (length + 4 > padded.length || bucket(length) !== padded.length) throw refuse()
  if (padded.subarray(4 + length).some(byte => byte !== 0)) throw refuse()
  return padded.slice(4, 4 + length)
}
