import type { Hex } from '@enigma/protocol'
import { WasmError } from '../errors.ts'
import { RUN_LIMITS } from '../limits.ts'

/** Per entry of a packed state: u16 key length, u32 value length, key, value; big endian. */
const HEADER_BYTES = 6

/**
 * Packs a state into one buffer that moves to a thread without another copy.
 * @throws WASM_BAD_RUN for a key that is not `0x` hex, or sizes beyond the limits
 */
export function packState(state: ReadonlyMap<Hex, Uint8Array>): ArrayBuffer {
  let size = 0
  for (const [key, value] of state) {
    const keyBytes = (key.length - 2) / 2
    if (keyBytes < 1 || keyBytes > RUN_LIMITS.keyBytes) throw badState(`keys of 1 to ${RUN_LIMITS.keyBytes} bytes`)
    if (value.length > RUN_LIMITS.valueBytes) throw badState(`values of at most ${RUN_LIMITS.valueBytes} bytes`)
    size += HEADER_BYTES + keyBytes + value.length
  }
  if (size - HEADER_BYTES * state.size > RUN_LIMITS.stateBytes) throw badState(`at most ${RUN_LIMITS.stateBytes} bytes`)
  const packed = Buffer.from(new ArrayBuffer(size))
  let at = 0
  for (const [key, value] of state) {
    const keyBytes = packed.write(key.slice(2), at + HEADER_BYTES, 'hex')
    if (keyBytes * 2 + 2 !== key.length || !key.startsWith('0x')) throw badState('keys in 0x hex')
    packed.writeUInt16BE(keyBytes, at)
    packed.writeUInt32BE(value.length, at + 2)
    packed.set(value, at + HEADER_BYTES + keyBytes)
    at += HEADER_BYTES + keyBytes + value.length
  }
  return packed.buffer as ArrayBuffer
}

const badState = (wanted: string): WasmError =>
  new WasmError({ code: 'WASM_BAD_RUN', field: 'state' }, `state must have ${wanted}.`)

/** The state as a run sees it: the packed entries below its own writes. Keys are latin1 strings, one character a byte. */
export class RunState {
  readonly #packed: Buffer
  /** Where in `#packed` the entry of a key stands. */
  readonly #base = new Map<string, number>()
  readonly #writes = new Map<string, Uint8Array | null>()
  /** Bytes of all keys and values as they are now. */
  stateBytes = 0
  /** Bytes of the keys and values that this run wrote or removed. */
  deltaBytes = 0

  constructor(packed: ArrayBuffer) {
    const bytes = (this.#packed = Buffer.from(packed))
    for (let at = 0; at < bytes.length;) {
      const keyEnd = at + HEADER_BYTES + bytes.readUInt16BE(at)
      const end = keyEnd + bytes.readUInt32BE(at + 2)
      this.#base.set(bytes.toString('latin1', at + HEADER_BYTES, keyEnd), at)
      this.stateBytes += end - at - HEADER_BYTES
      at = end
    }
  }

  get entries(): number {
    return this.#base.size
  }

  get(key: string): Uint8Array | undefined {
    const written = this.#writes.get(key)
    return written === null ? undefined : (written ?? this.#before(key))
  }

  /** The value as the run found it. */
  #before(key: string): Uint8Array | undefined {
    const at = this.#base.get(key)
    if (at === undefined) return undefined
    const start = at + HEADER_BYTES + key.length
    return this.#packed.subarray(start, start + this.#packed.readUInt32BE(at + 2))
  }

  /** Writes `value`, or removes the key. Sizes are updated; whether they are allowed is the caller's to judge. */
  set(key: string, value: Uint8Array | null): void {
    const before = this.get(key)
    if (before !== undefined) this.stateBytes -= key.length + before.length
    if (value !== null) this.stateBytes += key.length + value.length
    const pending = this.#writes.get(key)
    if (pending !== undefined) this.deltaBytes -= key.length + (pending?.length ?? 0)
    this.deltaBytes += key.length + (value?.length ?? 0)
    this.#writes.set(key, value)
  }

  /** What really changed, sorted by key, so that the delta's bytes do not depend on the order of writing. */
  changes(): Map<Hex, Uint8Array | null> {
    const changed = new Map<Hex, Uint8Array | null>()
    for (const key of [...this.#writes.keys()].sort()) {
      const value = this.#writes.get(key)!
      const before = this.#before(key)
      const same = value === null ? before === undefined : before !== undefined && Buffer.compare(before, value) === 0
      if (!same) changed.set(`0x${Buffer.from(key, 'latin1').toString('hex')}`, value)
    }
    return changed
  }
}
