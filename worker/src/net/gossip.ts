import { createHash } from 'node:crypto'
import { TopicValidatorResult, gossipsub, type GossipSub, type GossipSubComponents } from '@libp2p/gossipsub'
import { RESULTS_TOPIC, releasedResult } from '@enigma/protocol'
import type { Gate, GateRule } from './gate.ts'
import type { GossipJudge } from './peer-network.ts'

/** One frame may bundle several messages that were asked for. */
const MAX_FRAME_BYTES = 2 * 1024 * 1024
/** A peer forwards each result at most a few times; 4 MiB a second is far more results than a chain can settle. */
const GOSSIP_RULE: GateRule = {
  perSecond: 1,
  burst: 16,
  bytesPerSecond: 4 * 1024 * 1024,
  burstBytes: 16 * 1024 * 1024,
  maxMessageBytes: MAX_FRAME_BYTES,
  waits: true
}

/** What may wait for a peer that reads slowly; its stream ends above it. */
const MAX_WAITING_BYTES = 8 * 1024 * 1024

/**
 * gossipsub of verified peers alone, for one topic. Messages carry neither author nor signature of their own: each must be
 * borne out by the chain, and is named by its hash.
 */
export function gossip(gate: Gate): (components: GossipSubComponents) => GossipSub {
  const service = gossipsub({
    emitSelf: false,
    allowPublishToZeroTopicPeers: true,
    fallbackToFloodsub: false,
    floodPublish: true, // a result goes to all neighbours at once: it is asked for within a second
    doPX: false, // whom to connect to is the dialer's business
    globalSignaturePolicy: 'StrictNoSign',
    msgIdFn: ({ data }) => createHash('sha256').update(data).digest().subarray(0, 20),
    allowedTopics: [RESULTS_TOPIC],
    maxInboundStreams: 2,
    maxOutboundStreams: 2,
    maxInboundDataLength: MAX_FRAME_BYTES,
    maxOutboundBufferSize: MAX_WAITING_BYTES,
    decodeRpcLimits: {
      maxSubscriptions: 16,
      maxMessages: 256,
      maxIhaveMessageIDs: 1_024,
      maxIwantMessageIDs: 256,
      maxIdontwantMessageIDs: 256,
      maxControlMessages: 64,
      maxPeerInfos: 16
    },
    scoreThresholds: { gossipThreshold: -10, publishThreshold: -20, graylistThreshold: -40 },
    scoreParams: {
      IPColocationFactorWeight: 0, // many workers of one host are as good as their stakes
      topics: {
        [RESULTS_TOPIC]: {
          topicWeight: 1,
          timeInMeshWeight: 0.01,
          timeInMeshQuantum: 1_000,
          timeInMeshCap: 600,
          firstMessageDeliveriesWeight: 0.5,
          firstMessageDeliveriesDecay: 0.9,
          firstMessageDeliveriesCap: 20,
          // A quiet network is no fault of its members: nobody has to deliver so and so much.
          meshMessageDeliveriesWeight: 0,
          meshMessageDeliveriesDecay: 0.5,
          meshMessageDeliveriesCap: 1,
          meshMessageDeliveriesThreshold: 1,
          meshMessageDeliveriesWindow: 10,
          meshMessageDeliveriesActivation: 60_000,
          meshFailurePenaltyWeight: 0,
          meshFailurePenaltyDecay: 0.5,
          // Whoever has one judged invalid is sent away as well (libp2p-network.ts).
          invalidMessageDeliveriesWeight: -9,
          invalidMessageDeliveriesDecay: 0.99
        }
      }
    }
  })
  return components =>
    service(
      Object.create(components, { registrar: { value: gate.registrar(components.registrar, GOSSIP_RULE) } }) as never
    )
}

/** Listens to the results that others tell of; `judge` decides about each before it goes on to anybody. */
export function listenTo(pubsub: GossipSub, judge: GossipJudge): () => void {
  const verdicts = {
    accept: TopicValidatorResult.Accept,
    ignore: TopicValidatorResult.Ignore,
    reject: TopicValidatorResult.Reject
  }
  pubsub.topicValidators.set(RESULTS_TOPIC, async (from, { data }) => {
    if (data.length > releasedResult.maxBytes) return TopicValidatorResult.Reject
    return verdicts[await judge(data, from.toString())]
  })
  pubsub.subscribe(RESULTS_TOPIC)
  return () => {
    pubsub.unsubscribe(RESULTS_TOPIC)
    pubsub.topicValidators.delete(RESULTS_TOPIC)
  }
}
