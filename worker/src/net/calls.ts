import {
  DeltaMethod,
  PeerProtocol,
  PrincipalMethod,
  RelayMethod,
  SnapshotMethod,
  bytecodePush,
  deliverRequest,
  deliverResponse,
  deltaPush,
  deltasPush,
  deltasPushed,
  encryptionKeysMessage,
  findPeersRequest,
  findPeersResponse,
  message,
  principalChainViewAnswer,
  principalChainViewRequest,
  principalInfo,
  releasedResult,
  seatStatusAnswer,
  snapshotAnswer,
  snapshotPart,
  snapshotPartRequest,
  snapshotQuery,
  taskQuery,
  type Codec,
  QueryMethod,
  signedQuery,
  signedQueryAnswer
} from '@enigma/protocol'
import { decode } from './decode.ts'
import type { Peer, PeerHandler, PeerNetwork, ProtocolId, RequestOptions } from './peer-network.ts'

/** One method of a protocol, with the codecs of both directions. */
export interface PeerCall<Request, Response> {
  readonly protocol: ProtocolId
  readonly method: number
  readonly request: Codec<Request>
  readonly response: Codec<Response>
}

// eslint-disable-next-line @typescript-eslint/no-explicit-any
type AnyCall = PeerCall<any, any>
type Calls<Name extends string> = Readonly<Record<Name, AnyCall>>

const call = <Request, Response>(
  protocol: ProtocolId,
  method: number,
  request: Codec<Request>,
  response: Codec<Response>
): PeerCall<Request, Response> => ({ protocol, method, request, response })

export interface Nothing {
  readonly [key: string]: never
}
/** An empty answer (or question): only its version. */
export const nothing: Codec<Nothing> = message<Nothing>('Nothing', 1, {})

/** Protocols with a single method use number 0. */
export const findPeersCalls = {
  find: call(PeerProtocol.findPeers, 0, findPeersRequest, findPeersResponse)
} satisfies Calls<'find'>

export const keyCalls = {
  exchange: call(PeerProtocol.encryptionKeys, 0, encryptionKeysMessage, encryptionKeysMessage)
} satisfies Calls<'exchange'>

export const relayCalls = {
  deliver: call(PeerProtocol.taskRelay, RelayMethod.deliver, deliverRequest, deliverResponse),
  status: call(PeerProtocol.taskRelay, RelayMethod.status, taskQuery, seatStatusAnswer),
  result: call(PeerProtocol.taskRelay, RelayMethod.result, taskQuery, releasedResult)
} satisfies Calls<keyof typeof RelayMethod>

export const deltaCalls = {
  pushDelta: call(PeerProtocol.delta, DeltaMethod.pushDelta, deltaPush, nothing),
  pushBytecode: call(PeerProtocol.delta, DeltaMethod.pushBytecode, bytecodePush, nothing),
  pushDeltas: call(PeerProtocol.delta, DeltaMethod.pushDeltas, deltasPush, deltasPushed)
} satisfies Calls<keyof typeof DeltaMethod>

export const snapshotCalls = {
  newest: call(PeerProtocol.snapshot, SnapshotMethod.newest, snapshotQuery, snapshotAnswer),
  part: call(PeerProtocol.snapshot, SnapshotMethod.part, snapshotPartRequest, snapshotPart)
} satisfies Calls<keyof typeof SnapshotMethod>

export const principalCalls = {
  info: call(PeerProtocol.principal, PrincipalMethod.info, nothing, principalInfo),
  chainView: call(
    PeerProtocol.principal,
    PrincipalMethod.chainView,
    principalChainViewRequest,
    principalChainViewAnswer
  )
} satisfies Calls<keyof typeof PrincipalMethod>

export const queryCalls = {
  query: call(PeerProtocol.query, QueryMethod.query, signedQuery, signedQueryAnswer)
} satisfies Calls<keyof typeof QueryMethod>

type RequestOf<C> = C extends PeerCall<infer Request, infer _> ? Request : never
type ResponseOf<C> = C extends PeerCall<infer _, infer Response> ? Response : never

/** A handler for every method of a protocol: one that is missing does not compile. */
export type CallHandlers<C> = {
  readonly [M in keyof C]: (request: RequestOf<C[M]>, from: Peer, signal: AbortSignal) => Promise<ResponseOf<C[M]>>
}

/** Serves a whole protocol. Call before the network starts. */
export function serve<C extends Readonly<Record<string, AnyCall>>>(
  network: Pick<PeerNetwork, 'handle'>,
  calls: C,
  handlers: CallHandlers<C>
): void {
  const table: Record<number, PeerHandler> = {}
  for (const [name, { method, request, response }] of Object.entries(calls)) {
    const handler = handlers[name as keyof C]
    table[method] = async (payload, from, signal) =>
      response.encode(await handler(decode(request, payload, from.peerId), from, signal))
  }
  network.handle(Object.values(calls)[0]!.protocol, table)
}

/** Asks a peer. @throws NetError, as PeerNetwork.request does; PEER_MALFORMED for an answer that is not one. */
export async function ask<Request, Response>(
  network: Pick<PeerNetwork, 'request'>,
  peer: Pick<Peer, 'peerId'>,
  { protocol, method, request, response }: PeerCall<Request, Response>,
  value: Request,
  options?: RequestOptions
): Promise<Response> {
  const payload = await network.request(peer, protocol, method, request.encode(value), options)
  return decode(response, payload, peer.peerId)
}
