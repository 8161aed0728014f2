import {
  deltaCalls,
  findPeersCalls,
  keyCalls,
  principalCalls,
  queryCalls,
  relayCalls,
  snapshotCalls,
  type PeerCall
} from '../../src/net/calls.ts'

/** Every call that a peer may make, with the encodings of both directions. */
export const PEER_CALLS: readonly PeerCall<unknown, unknown>[] = [
  deltaCalls,
  findPeersCalls,
  keyCalls,
  principalCalls,
  queryCalls,
  relayCalls,
  snapshotCalls
].flatMap(calls => Object.values(calls) as PeerCall<unknown, unknown>[])
