import { ProtocolError } from './errors.ts'

const SMALLEST = 256

/** The bucket that holds `length` bytes and their u32 length: 256 * 2^n. */
export function bucketOf(length: number): number {
  let bucket = SMALLEST
  while (bucket < length + 4) bucket *= 2
  return bucket
}

/** Hides a length among those of its bucket: u32 length, the bytes, zeros. */
export function pad(data: Uint8Array): Uint8Array {
  const padded = new Uint8Array(bucketOf(data.length))
  new DataView(padded.buffer).setUint32(0, data.length)
  padded.set(data, 4)
  return padded
}

/** @throws PROTOCOL_DECODE unless the bytes are exactly what `pad` makes. */
export function unpad(padded: Uint8Array): Uint8Array {
  const refuse = (): ProtocolError =>
    new ProtocolError({ code: 'PROTOCOL_DECODE', what: 'padding' }, 'The padding is wrong.')
  if (padded.length < SMALLEST) throw refuse()
  const length = new DataView(padded.buffer, padded.byteOffset).getUint32(0)
  if (length + 4 > padded.length || bucketOf(length) !== padded.length) throw refuse()
  if (padded.subarray(4 + length).some(byte => byte !== 0)) throw refuse()
  return padded.slice(4, 4 + length)
}
