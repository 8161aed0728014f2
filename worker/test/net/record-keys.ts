import type { RecordStore } from '../../src/net/record-store.ts'

type Key = Parameters<RecordStore['get']>[0]

/** As the DHT names records: of a key the store reads its text, and copies its bytes. */
export class TextKey {
  readonly #bytes: Uint8Array

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  uint8Array(): Uint8Array {
    return this.#bytes
  }

  toString(): string {
    return new TextDecoder().decode(this.#bytes)
  }
}

/** That `peer` provides `content`. */
export const providerKey = (content: string, peer: string): Key =>
  new TextKey(new TextEncoder().encode(`/dht/provider/${content}/${peer}`)) as never
