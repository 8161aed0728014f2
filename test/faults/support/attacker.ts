import { generateKeyPair } from '@libp2p/crypto/keys'
import type { Connection } from '@libp2p/interface'
import { gossipsub } from '@libp2p/gossipsub'
import { kadDHT, passthroughMapper } from '@libp2p/kad-dht'
import { multiaddr } from '@multiformats/multiaddr'
import { PeerProtocol, peerRequest, peerResponse, signDigest } from '@enigma/protocol'
import {
  DEFAULT_LIMITS,
  KAD_PROTOCOL,
  LOOPBACK,
  addressOf,
  createNode,
  frames,
  keyOf,
  makeHello,
  type MemoryChain
} from '@enigma/worker/testing'

type RawNode = Awaited<ReturnType<typeof createNode>>

/** A bare libp2p node with a connection to its victim. */
export interface Attacker {
  readonly node: RawNode
  readonly connection: Connection
  close(): Promise<void>
}

/** What a named attacker says of itself: a worker whose operator the chain may know. */
export function helloOf(facts: MemoryChain['facts'], name: string, node: RawNode): Uint8Array {
  const self = {
    domain: facts,
    role: 'worker' as const,
    operator: addressOf(name),
    signer: () => addressOf(`${name} enclave`),
    sign: (digest: Parameters<typeof signDigest>[0]) => signDigest(digest, keyOf(name))
  }
  return makeHello(self, node.peerId.toString(), node.getMultiaddrs().map(String))
}

/** Connects, at the second try if need be; with a name, which the victim's chain must know, it says a valid hello first. A busy machine may take its time. */
export async function connectAttacker(
  victim: readonly string[],
  facts: MemoryChain['facts'],
  name?: string
): Promise<Attacker> {
  const node = await createNode({
    identity: await generateKeyPair('Ed25519'),
    listen: LOOPBACK,
    announce: [],
    limits: { ...DEFAULT_LIMITS, dialTimeoutMs: 30_000 },
    isBanned: () => false,
    routing: kadDHT({ protocol: KAD_PROTOCOL, clientMode: false, peerInfoMapper: passthroughMapper }),
    gossip: gossipsub()
  })
  await node.start()
  const dial = (): Promise<Connection> => node.dial(victim.map(address => multiaddr(address)))
  const connection = await dial().catch((error: unknown) => {
    console.error(`an attacker dials again: ${String(error)}`)
    return dial()
  })
  if (name !== undefined) {
    const payload = helloOf(facts, name, node)
    await say(connection, PeerProtocol.hello, peerRequest.encode({ method: 0, payload }))
  }
  return { node, connection, close: async () => void (await node.stop()) }
}

/** One framed request on a stream of its own, and its answer. */
export async function say(
  connection: Connection,
  protocol: string,
  bytes: Uint8Array,
  limitMs = 30_000
): Promise<{ ok: boolean; code: string; payload: Uint8Array }> {
  const stream = await connection.newStream(protocol, { signal: AbortSignal.timeout(limitMs) })
  const line = frames(stream, 2 ** 20)
  const signal = AbortSignal.timeout(limitMs)
  await line.write(bytes, signal)
  const answer = peerResponse.decode(await line.read(signal))
  await stream.close()
  return answer
}
