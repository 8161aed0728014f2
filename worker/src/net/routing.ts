import { createHash } from 'node:crypto'
import type { PeerId, PeerInfo } from '@libp2p/interface'
import { kadDHT, passthroughMapper, type KadDHT, type KadDHTComponents } from '@libp2p/kad-dht'
import { CID } from 'multiformats/cid'
import * as Digest from 'multiformats/hashes/digest'
import { fromHex, type Address, type ScAddr } from '@enigma/protocol'
import type { Gate, GateRule } from './gate.ts'
import type { ContentProvider } from './peer-network.ts'

export const KAD_PROTOCOL = '/enigma/kad/1.0.0'

/** A lookup opens a few streams per peer and an announcement of 1,000 contracts some thousands, spread over minutes. */
const KAD_RULE: GateRule = {
  perSecond: 50,
  burst: 400,
  bytesPerSecond: 64 * 1024,
  burstBytes: 512 * 1024,
  // Twenty peers with eight addresses each are 12 KiB; decoding as many empty ones as fit takes 15 ms, and took 60 for 256 KiB.
  maxMessageBytes: 64 * 1024
}

/** Records of nodes that left are gone after this; those of nodes that live are told anew before. */
const VALIDITY_MS = 2 * 60 * 60 * 1000

const RAW = 0x55,
  SHA2_256 = 0x12

/** What is looked for in the DHT: a contract, whose holders have its content, or an enclave's signer, which one worker has. */
export type Sought = ScAddr | Address

/**
 * The key under which they are found. The DHT's messages carry the bare multihash and read it back as a version 0 CID, which has to be
 * SHA-256: so it is that of the address. One of 20 bytes is never one of 32.
 */
export const contentIdOf = (sought: Sought): CID =>
  CID.createV1(RAW, Digest.create(SHA2_256, createHash('sha256').update(fromHex(sought)).digest()))

export interface RoutingInit {
  readonly gate: Gate
  readonly isVerified: (peerId: string) => boolean
}

/** kad-dht of verified peers alone: it stores who provides which contract, and nothing else. */
export function routing({ gate, isVerified }: RoutingInit): (components: KadDHTComponents) => KadDHT {
  const verifiedOnly = (peer: PeerInfo): PeerInfo =>
    isVerified(peer.id.toString()) ? passthroughMapper(peer) : { id: peer.id, multiaddrs: [] }
  const refuse = (): never => {
    throw new Error('This network keeps no such records.')
  }
  const service = kadDHT({
    protocol: KAD_PROTOCOL,
    clientMode: false,
    peerInfoMapper: verifiedOnly, // loopback stays: whole networks live there
    validators: { pk: refuse }, // no namespace has a validator that agrees, so no value is ever stored
    selectors: {},
    kBucketSize: 20,
    alpha: 4,
    disjointPaths: 4, // a lookup fails only if an adversary stands on each of them
    allowQueryWithZeroPeers: true, // a node that is alone gets an empty answer at once
    maxInboundStreams: 32,
    maxOutboundStreams: 64,
    reprovide: {
      concurrency: 2,
      validity: VALIDITY_MS,
      threshold: VALIDITY_MS / 2,
      interval: VALIDITY_MS / 12,
      maxQueueSize: 4_096
    }
  })
  return components =>
    service(
      Object.create(components, { registrar: { value: gate.registrar(components.registrar, KAD_RULE) } }) as never
    )
}

/** Addresses as this project writes them: each ends in the peer id. */
export const withPeerId = ({ id, multiaddrs }: Pick<PeerInfo, 'id' | 'multiaddrs'>): readonly string[] =>
  multiaddrs.map(String).map(address => (address.includes('/p2p/') ? address : `${address}/p2p/${suffix(id)}`))

const suffix = (id: PeerId): string => id.toString()

/** Who is said to have it; each peer once. Claims of verified peers, which the content itself must bear out. */
export async function* findProviders(
  dht: KadDHT,
  sought: Sought,
  signal: AbortSignal
): AsyncGenerator<ContentProvider> {
  const seen = new Set<string>()
  for await (const event of dht.findProviders(contentIdOf(sought), { signal })) {
    if (event.name !== 'PROVIDER') continue
    for (const provider of event.providers) {
      const peerId = provider.id.toString()
      if (seen.has(peerId)) continue
      seen.add(peerId)
      yield { peerId, addresses: withPeerId(provider) }
    }
  }
}

/** Tells the peers closest to the key that this node has it. @returns how many took it. */
export async function provide(dht: KadDHT, sought: Sought, signal: AbortSignal): Promise<number> {
  let told = 0
  for await (const event of dht.provide(contentIdOf(sought), { signal })) {
    if (event.name === 'PEER_RESPONSE' && event.messageName === 'ADD_PROVIDER') told += 1
  }
  return told
}
