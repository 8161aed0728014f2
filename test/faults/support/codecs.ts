import type { Random } from '@enigma/faults'
import {
  deltaCodec,
  envelopeCodec,
  helloCodec,
  peerRequest,
  peerResponse,
  releasedResult,
  syncChunk,
  syncRequest
} from '@enigma/protocol'
import { PEER_CALLS } from '@enigma/worker/testing'

export interface Decoder {
  readonly name: string
  readonly decode: (bytes: Uint8Array) => unknown
  readonly maxBytes: number
}

const frames = {
  peerRequest,
  peerResponse,
  helloCodec,
  releasedResult,
  syncRequest,
  syncChunk,
  envelopeCodec,
  deltaCodec
}

/** Everything of our own encodings that another process may hand to a worker: frames, and the payload of every call both ways. */
export const DECODERS: readonly Decoder[] = [
  ...Object.entries(frames).map(([name, codec]) => ({ name, codec })),
  ...PEER_CALLS.flatMap(({ protocol, method, request, response }) => [
    { name: `${protocol} ${method} request`, codec: request },
    { name: `${protocol} ${method} response`, codec: response }
  ])
].map(({ name, codec }) => ({ name, decode: bytes => codec.decode(bytes), maxBytes: codec.maxBytes }))

/** Bytes for a decoder: chance, all ones or zeros, long counts with little behind them. */
export function wrongBytes(random: Random, most = 2_000): Uint8Array {
  const length = random.below(most)
  const bytes = random.pick([
    () => random.bytes(random.below(400)),
    () => new Uint8Array(length).fill(0xff),
    () => new Uint8Array(length),
    () => random.bytes(300).map(byte => (random.chance(0.7) ? 0 : byte)),
    () => new Uint8Array(length).map((_, i) => (i % 4 === 3 ? random.below(8) : 0)) // small counts in every word
  ])()
  if (bytes.length > 0 && random.chance(0.8)) bytes[0] = 1 // the version that most messages begin with
  return bytes
}
