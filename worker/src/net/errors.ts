import { EnigmaError, printable, type Hints } from '@enigma/protocol'

/** Everything the peer network throws on purpose. One line each in docs/errors.md. */
export type NetFailure =
  | { readonly code: 'PEER_UNREACHABLE'; readonly peerId: string }
  /** A peer did not answer in time. */
  | { readonly code: 'PEER_TIMEOUT'; readonly peerId: string; readonly limitMs: number }
  | { readonly code: 'PEER_MALFORMED'; readonly peerId: string; readonly what: string }
  | { readonly code: 'PEER_REFUSED'; readonly peerId: string; readonly peerCode: string }
  | { readonly code: 'PEER_NOT_VERIFIED'; readonly peerId: string }
  | { readonly code: 'PEER_NOT_ALLOWED'; readonly peerId: string; readonly role: string }
  | { readonly code: 'PEER_BUSY'; readonly peerId: string }
  | { readonly code: 'PEER_UNKNOWN_METHOD'; readonly method: number }
  | { readonly code: 'PEER_OTHER_NETWORK'; readonly peerId: string }
  | { readonly code: 'PEER_IMPOSTOR'; readonly peerId: string }
  | { readonly code: 'NET_IDENTITY'; readonly path: string }
  | { readonly code: 'NET_ADDRESS'; readonly address: string }

const ANOTHER_PEER = 'Nothing: the worker asks another peer. If all fail, check its connections in `/status`.'
const NET_HINTS: Hints<NetFailure['code']> = {
  PEER_UNREACHABLE: ANOTHER_PEER,
  PEER_TIMEOUT: ANOTHER_PEER,
  PEER_MALFORMED: ANOTHER_PEER,
  PEER_REFUSED: ANOTHER_PEER,
  PEER_NOT_VERIFIED: ANOTHER_PEER,
  PEER_NOT_ALLOWED: ANOTHER_PEER,
  PEER_BUSY: ANOTHER_PEER,
  PEER_UNKNOWN_METHOD: ANOTHER_PEER,
  PEER_OTHER_NETWORK: ANOTHER_PEER,
  PEER_IMPOSTOR: ANOTHER_PEER,
  NET_IDENTITY: 'Restore the file from a backup, or remove it; the node then gets a new peer id.',
  NET_ADDRESS:
    'Write it like /ip4/127.0.0.1/tcp/10300 or /dns4/host/tcp/10300/p2p/<peer id>; /ws after the port is for WebSocket.'
}

export class NetError extends EnigmaError<NetFailure> {
  static override get hints(): typeof NET_HINTS {
    return NET_HINTS
  }
}

/** Codes are words of capitals; anything else a peer sends as a code is not repeated to anyone. */
export const peerCode = (code: string): string => (/^[A-Z][A-Z0-9_]{1,63}$/.test(code) ? code : 'PEER_MALFORMED')

/** What a peer answered in place of a result. Its code decides; its sentence is only for people. */
export function refusedBy(peerId: string, code: string, sentence: string): NetError {
  const known = peerCode(code)
  return new NetError(
    { code: 'PEER_REFUSED', peerId, peerCode: known },
    `Peer ${peerId} refused: ${printable(sentence, 300) || known}`
  )
}

/** The code that decides about a failed request: the peer's own if it answered, ours otherwise. */
export function decidingCode(error: unknown): string {
  if (error instanceof NetError && error.facts.code === 'PEER_REFUSED') return error.facts.peerCode
  return error instanceof EnigmaError ? error.code : 'INTERNAL'
}
