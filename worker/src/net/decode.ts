import type { Codec } from '@enigma/protocol'
import { NetError } from './errors.ts'

/** Decodes what a peer sent. @throws PEER_MALFORMED naming the message, not its content. */
export function decode<T>(codec: Codec<T>, bytes: Uint8Array, peerId: string): T {
  try {
    return codec.decode(bytes)
  } catch (cause) {
    throw new NetError(
      { code: 'PEER_MALFORMED', peerId, what: codec.name },
      `Peer ${peerId} sent something that is not a ${codec.name}.`,
      { cause }
    )
  }
}
