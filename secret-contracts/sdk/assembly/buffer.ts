/** Bytes that grow at their end. */
export class Buffer {
  private bytes: ArrayBuffer
  length: i32 = 0

  constructor(capacity: i32 = 64) {
    this.bytes = new ArrayBuffer(capacity)
  }

  get start(): usize {
    return changetype<usize>(this.bytes)
  }

  /** Makes room for `count` more bytes, zero at first, and returns where they start. */
  grow(count: i32): usize {
    const at = this.length
    const end = at + count
    if (end > this.bytes.byteLength) {
      const larger = new ArrayBuffer(max(end, this.bytes.byteLength * 2))
      memory.copy(changetype<usize>(larger), this.start, at)
      this.bytes = larger
    }
    this.length = end
    return this.start + at
  }

  append(from: usize, count: i32): void {
    memory.copy(this.grow(count), from, count)
  }

  toBytes(): Uint8Array {
    const copy = new Uint8Array(this.length)
    memory.copy(copy.dataStart, this.start, this.length)
    return copy
  }
}
