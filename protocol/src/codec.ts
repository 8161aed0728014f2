import { bigintToBytes, bytesToBigint, fromHex, toHex, utf8, type Hex } from './bytes.ts'
import type { Address, Hash } from './ids.ts'
import { ProtocolError } from './errors.ts'

/** No message between our processes is larger; bulk travels in chunks. */
export const MAX_MESSAGE_BYTES = 1024 * 1024

/** Reads a message front to back; every read is checked against what is left. */
export interface Reader {
  take(bytes: number): Uint8Array
  readonly left: number
}

/** One value has exactly one encoding: fixed order, fixed width, big endian, no optional field. docs/spec/encodings.md */
export interface Codec<T> {
  readonly name: string
  /** The largest encoding, for size limits of frames and streams. */
  readonly maxBytes: number
  write(value: T, out: Uint8Array[]): void
  read(from: Reader): T
  encode(value: T): Uint8Array
  /** @throws PROTOCOL_DECODE unless the bytes are one whole encoding. */
  decode(bytes: Uint8Array): T
}

const decodeError = (what: string, message: string): ProtocolError =>
  new ProtocolError({ code: 'PROTOCOL_DECODE', what }, message)
const encodeError = (what: string, message: string): ProtocolError =>
  new ProtocolError({ code: 'PROTOCOL_ENCODE', what }, message)

function reader(bytes: Uint8Array, what: string): Reader {
  let at = 0
  return {
    get left() {
      return bytes.length - at
    },
    take(count) {
      if (count > bytes.length - at) throw decodeError(what, `${what}: the message ends too early.`)
      at += count
      return bytes.subarray(at - count, at)
    }
  }
}

export function codec<T>(
  name: string,
  maxBytes: number,
  write: (value: T, out: Uint8Array[]) => void,
  read: (from: Reader) => T
): Codec<T> {
  return {
    name,
    maxBytes,
    write,
    read,
    encode(value) {
      const parts: Uint8Array[] = []
      write(value, parts)
      const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
      let at = 0
      for (const part of parts) {
        bytes.set(part, at)
        at += part.length
      }
      if (bytes.length > maxBytes) throw encodeError(name, `${name} is larger than ${maxBytes} bytes.`)
      return bytes
    },
    decode(bytes) {
      if (bytes.length > maxBytes) throw decodeError(name, `${name} is larger than ${maxBytes} bytes.`)
      const from = reader(bytes, name)
      const value = read(from)
      if (from.left !== 0) throw decodeError(name, `${name}: ${from.left} bytes follow the message.`)
      return value
    }
  }
}

function unsigned(name: string, width: 1 | 2 | 4): Codec<number> {
  return codec(
    name,
    width,
    (value, out) => {
      if (!Number.isInteger(value) || value < 0 || value >= 2 ** (8 * width)) {
        throw encodeError(name, `${name} out of range.`)
      }
      out.push(bigintToBytes(BigInt(value), width))
    },
    from => Number(bytesToBigint(from.take(width)))
  )
}

export const u8 = unsigned('u8', 1)
export const u16 = unsigned('u16', 2)
export const u32 = unsigned('u32', 4)

const bigUnsigned = (name: string, width: number): Codec<bigint> =>
  codec(
    name,
    width,
    (value, out) => out.push(bigintToBytes(value, width)),
    from => bytesToBigint(from.take(width))
  )

export const u64 = bigUnsigned('u64', 8)
export const u256 = bigUnsigned('u256', 32)

/** A u64 held as a number: block numbers, epochs, times in seconds. Values past 2^53 are refused. */
export const uint: Codec<number> = codec(
  'uint',
  8,
  (value, out) => {
    if (!Number.isSafeInteger(value) || value < 0) throw encodeError('uint', 'Not a safe non-negative integer.')
    out.push(bigintToBytes(BigInt(value), 8))
  },
  from => {
    const value = bytesToBigint(from.take(8))
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw decodeError('uint', 'The integer is beyond 2^53.')
    return Number(value)
  }
)

export const bool: Codec<boolean> = codec(
  'bool',
  1,
  (value, out) => out.push(Uint8Array.of(value ? 1 : 0)),
  from => {
    const byte = from.take(1)[0]!
    if (byte > 1) throw decodeError('bool', 'A boolean is 0 or 1.')
    return byte === 1
  }
)

/** `length` bytes as `0x` hex: ids, hashes, addresses. */
export const fixedHex = <T extends Hex>(length: number, name = `bytes${length}`): Codec<T> =>
  codec(
    name,
    length,
    (value, out) => out.push(fromHex(value, length)),
    from => toHex(from.take(length)) as T
  )

export const bytes32 = <T extends Hex = Hash>(): Codec<T> => fixedHex<T>(32)
export const addressCodec: Codec<Address> = fixedHex<Address>(20, 'address')

/** Exactly `length` raw bytes: keys, signatures, nonces. The decoded bytes are a copy. */
export const fixedBytes = (length: number): Codec<Uint8Array> =>
  codec(
    `bytes${length}`,
    length,
    (value, out) => {
      if (value.length !== length) throw encodeError(`bytes${length}`, `Expected ${length} bytes.`)
      out.push(value)
    },
    from => from.take(length).slice()
  )

/** Up to `max` bytes behind a u32 length. The length is checked before anything is allocated. */
export const bytes = (max: number): Codec<Uint8Array> =>
  codec(
    `bytes<=${max}`,
    4 + max,
    (value, out) => {
      if (value.length > max) throw encodeError('bytes', `More than ${max} bytes.`)
      u32.write(value.length, out)
      out.push(value)
    },
    from => {
      const length = u32.read(from)
      if (length > max) throw decodeError('bytes', `More than ${max} bytes.`)
      return from.take(length).slice()
    }
  )

/** Up to `max` bytes of UTF-8 behind a u32 length. */
export const text = (max: number): Codec<string> => {
  const inner = bytes(max)
  return codec(
    `text<=${max}`,
    inner.maxBytes,
    (value, out) => inner.write(utf8(value), out),
    from => {
      try {
        return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(inner.read(from))
      } catch (cause) {
        throw cause instanceof ProtocolError ? cause : decodeError('text', 'Text is not UTF-8.')
      }
    }
  )
}

/** Up to `max` items behind a u32 count. */
export const list = <T>(item: Codec<T>, max: number): Codec<readonly T[]> =>
  codec(
    `${item.name}[<=${max}]`,
    4 + max * item.maxBytes,
    (values, out) => {
      if (values.length > max) throw encodeError(item.name, `More than ${max} items.`)
      u32.write(values.length, out)
      for (const value of values) item.write(value, out)
    },
    from => {
      const count = u32.read(from)
      if (count > max) throw decodeError(item.name, `More than ${max} items.`)
      return Array.from({ length: count }, () => item.read(from))
    }
  )

/** A value that may be absent, behind a presence byte. */
export const maybe = <T>(item: Codec<T>): Codec<T | null> =>
  codec(
    `${item.name}?`,
    1 + item.maxBytes,
    (value, out) => {
      bool.write(value !== null, out)
      if (value !== null) item.write(value, out)
    },
    from => (bool.read(from) ? item.read(from) : null)
  )

type Fields<T> = { readonly [K in keyof T]: Codec<T[K]> }

/** The fields of T, one after the other, in the order they are written here. */
export function struct<T extends object>(name: string, fields: Fields<T>): Codec<T> {
  const entries = Object.entries(fields) as [keyof T & string, Codec<never>][]
  return codec<T>(
    name,
    entries.reduce((sum, [, field]) => sum + field.maxBytes, 0),
    (value, out) => {
      for (const [key, field] of entries) field.write(value[key] as never, out)
    },
    from => {
      const value: Partial<T> = {}
      for (const [key, field] of entries) value[key] = field.read(from)
      return value as T
    }
  )
}

/** A struct that travels on its own: a u8 version stands before its fields, and its size is capped at `maxBytes`. */
export function message<T extends object>(
  name: string,
  version: number,
  fields: Fields<T>,
  maxBytes = MAX_MESSAGE_BYTES
): Codec<T> {
  const body = struct<T>(name, fields)
  return codec<T>(
    name,
    Math.min(maxBytes, 1 + body.maxBytes),
    (value, out) => {
      u8.write(version, out)
      body.write(value, out)
    },
    from => {
      const found = u8.read(from)
      if (found !== version) throw decodeError(name, `${name} has version ${found}; this side speaks ${version}.`)
      return body.read(from)
    }
  )
}
