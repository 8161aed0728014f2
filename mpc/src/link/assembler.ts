import type { RecordHead } from './record.ts'

/** Joins the records of long messages; the first one says how much will follow. */
export class Assembler {
  readonly #maxMessageBytes: number
  readonly #maxBytes: number
  readonly #partial = new Map<string, { body: Uint8Array; filled: number }>()
  #bytes = 0

  constructor(maxMessageBytes: number, maxBytes: number) {
    this.#maxMessageBytes = maxMessageBytes
    this.#maxBytes = maxBytes
  }

  /** The whole message, null if more is to come, or what is wrong with the record. */
  add(head: RecordHead, part: Uint8Array): Uint8Array | null | { what: 'message' | 'flood'; message: string } {
    const { session, operation, step, left } = head
    if (left === 0 && this.#partial.size === 0) return part
    const name = `${session}/${operation}/${step}`
    const open = this.#partial.get(name)
    if (!open) {
      if (left === 0) return part
      const length = part.length + left
      if (length > this.#maxMessageBytes) {
        return { what: 'message', message: 'The peer announced a message that exceeds the size limit.' }
      }
      this.#bytes += length
      if (this.#bytes > this.#maxBytes) {
        return { what: 'flood', message: 'The peer began more long messages at once than are allowed.' }
      }
      const body = new Uint8Array(length)
      body.set(part)
      this.#partial.set(name, { body, filled: part.length })
      return null
    }
    if (open.filled + part.length + left !== open.body.length) {
      return { what: 'message', message: 'The records of a message do not add up.' }
    }
    open.body.set(part, open.filled)
    open.filled += part.length
    if (left > 0) return null
    this.#forget(name)
    return open.body
  }

  /** Drops what is there of a session's messages. */
  dropSession(session: string): void {
    for (const name of this.#partial.keys()) if (name.startsWith(session)) this.#forget(name)
  }

  clear(): void {
    this.#partial.clear()
    this.#bytes = 0
  }

  #forget(name: string): void {
    this.#bytes -= this.#partial.get(name)!.body.length
    this.#partial.delete(name)
  }
}
