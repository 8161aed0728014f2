import type { StreamHandler } from '@libp2p/interface'
import { PeerProtocol } from '@enigma/protocol'
import type { Logger } from '../ops/log.ts'
import type { Callers } from './callers.ts'
import type { NetLimits } from './limits.ts'
import { lineResponder } from './lines.ts'
import type { Node } from './node.ts'
import type { LineHandler, PeerHandler, ProtocolId } from './peer-network.ts'
import { responder } from './responder.ts'

/** Streams that this node opens to one peer at once, of each protocol. */
const MAX_OUTBOUND_STREAMS = 64

export interface Answers {
  /** The one protocol that answers whoever connects. */
  readonly hello: StreamHandler
  readonly handlers: ReadonlyMap<ProtocolId, Readonly<Record<number, PeerHandler>>>
  readonly lineHandlers: ReadonlyMap<ProtocolId, LineHandler>
  readonly callers: Callers
  readonly limits: NetLimits
  readonly penaliseMalformed: (peerId: string) => void
  readonly log: Logger
}

/** Lets a node answer its own protocols: hello to anybody, all others to whom the chain bears out. */
export async function answerPeers(node: Node, answers: Answers): Promise<void> {
  const { callers, limits, log, penaliseMalformed } = answers
  const streams = { maxInboundStreams: limits.maxInboundStreams, maxOutboundStreams: MAX_OUTBOUND_STREAMS }
  const admit: Callers['admit'] = (...call) => callers.admit(...call)
  const admitMethod: Callers['admitMethod'] = (...call) => callers.admitMethod(...call)

  await node.handle(PeerProtocol.hello, answers.hello, streams)
  for (const [protocol, handlers] of answers.handlers) {
    const { requestTimeoutMs } = limits
    const respond = responder({ log, requestTimeoutMs, admit, admitMethod, penaliseMalformed }, protocol, handlers)
    await node.handle(protocol, respond, streams)
  }
  for (const [protocol, handler] of answers.lineHandlers) {
    const { lineLifeMs: lifeMs, requestTimeoutMs: frameMs } = limits
    const respond = lineResponder({ log, lifeMs, frameMs, admit, penaliseMalformed }, protocol, handler)
    await node.handle(protocol, respond, streams)
  }
}
