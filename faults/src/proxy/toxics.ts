/**
 * What a proxy does to one direction of its connections. All of it can be changed while connections are open; a field that is
 * not set does nothing.
 */
export interface Toxics {
  /** Each chunk arrives so much later, give or take `jitterMs`, in its old order. */
  readonly latencyMs?: number
  readonly jitterMs?: number
  readonly bytesPerSecond?: number
  /** Writes pieces of this size, each in a packet of its own. */
  readonly sliceBytes?: number
  readonly slicePauseMs?: number
  /** Nothing arrives while this is set; what was sent meanwhile arrives afterwards. */
  readonly stall?: boolean
  /** After so many bytes, from when this was set, both ends get a reset. */
  readonly resetAfterBytes?: number
  /** After so many bytes, from when this was set, the receiver sees the end of the stream; the rest is swallowed, the other direction goes on. */
  readonly endAfterBytes?: number
  /** The end of the stream arrives so much later. */
  readonly closeDelayMs?: number
}

/** `up` from the client to the server, `down` back. */
export type Direction = 'up' | 'down'
