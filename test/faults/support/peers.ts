import { generateKeyPair } from '@libp2p/crypto/keys'
import type { Connection } from '@libp2p/interface'
import { gossipsub } from '@libp2p/gossipsub'
import { kadDHT, passthroughMapper } from '@libp2p/kad-dht'
import { multiaddr } from '@multiformats/multiaddr'
import { startFaultProxy, type FaultProxy } from '@enigma/faults'
import { PeerProtocol, peerRequest, peerResponse, signDigest } from '@enigma/protocol'
import {
  DEFAULT_LIMITS,
  Disks,
  KAD_PROTOCOL,
  LOOPBACK,
  MemoryChain,
  PeerDeltaSync,
  PeerKeyExchange,
  Running,
  addressOf,
  createNode,
  frames,
  keyOf,
  makeHello,
  makeNetwork,
  quiet,
  until,
  type Libp2pNetwork,
  type Libp2pNetworkInit,
  type NetLimits
} from '@enigma/worker/testing'
import { freePort } from './free-port.ts'

/** The attackers share the cores with what they attack. */
const HELLO_MS = 30_000

type RawNode = Awaited<ReturnType<typeof createNode>>

/** A node of the product with everything that it answers peers by itself, and peers that speak libp2p and above it whatever they like. */
export class PeerLab {
  readonly chain = new MemoryChain()
  readonly running = new Running()
  readonly #disks = new Disks()
  victim!: Libp2pNetwork
  served = 0

  /** Starts the victim; it answers every call of the task relay with its own payload. */
  static async start(limits: Partial<NetLimits> = {}, place: Partial<Libp2pNetworkInit> = {}): Promise<PeerLab> {
    const lab = new PeerLab()
    lab.chain.register('alice')
    lab.chain.startEpoch(['alice'])
    lab.victim = await makeNetwork(lab.chain, 'alice', { limits, ...place })
    const { victim: network, chain } = lab
    const { store } = await lab.#disks.content()
    const sync = new PeerDeltaSync({ network, chain, store, log: quiet })
    const keys = new PeerKeyExchange({ network, chain, log: quiet })
    lab.victim.handle(PeerProtocol.taskRelay, {
      0: payload => {
        lab.served += 1
        return Promise.resolve(payload)
      }
    })
    await lab.running.start(lab.victim)
    await lab.running.start(sync)
    await lab.running.start(keys)
    return lab
  }

  /** The victim behind a proxy: it tells everybody the proxy's address instead of its own. */
  static async behindProxy(limits: Partial<NetLimits> = {}): Promise<{ lab: PeerLab; proxy: FaultProxy }> {
    const port = await freePort()
    const proxy = await startFaultProxy({ target: { port } })
    const listen = [`/ip4/127.0.0.1/tcp/${port}`]
    const announce = [`/ip4/127.0.0.1/tcp/${proxy.port}`]
    const lab = await PeerLab.start(limits, { listen, announce })
    lab.running.start({ start: () => Promise.resolve(), stop: () => proxy.stop() }).catch(() => undefined)
    return { lab, proxy }
  }

  /** An honest worker of the product. One that does not listen has only the connections that it makes. */
  async honest(name: string, listen: readonly string[] = LOOPBACK): Promise<Libp2pNetwork> {
    this.chain.register(name)
    const node = await makeNetwork(this.chain, name, { bootstrap: this.victim.multiaddrs(), listen })
    await this.running.start(node)
    await until(`${name} knows the victim`, () => node.peers().some(p => p.peerId === this.victim.peerId), 30_000)
    return node
  }

  /** A bare libp2p node, connected to the victim; with a name it says a valid hello first. */
  async attacker(name?: string): Promise<{ node: RawNode; connection: Connection; close(): Promise<void> }> {
    const node = await createNode({
      identity: await generateKeyPair('Ed25519'),
      listen: LOOPBACK,
      announce: [],
      limits: DEFAULT_LIMITS,
      isBanned: () => false,
      routing: kadDHT({ protocol: KAD_PROTOCOL, clientMode: false, peerInfoMapper: passthroughMapper }),
      gossip: gossipsub()
    })
    await node.start()
    const connection = await node.dial(this.victim.multiaddrs().map(address => multiaddr(address)))
    if (name !== undefined) {
      this.chain.register(name)
      const self = {
        domain: this.chain.facts,
        role: 'worker' as const,
        operator: addressOf(name),
        signer: () => addressOf(`${name} enclave`),
        sign: (digest: Parameters<typeof signDigest>[0]) => signDigest(digest, keyOf(name))
      }
      const hello = makeHello(self, node.peerId.toString(), node.getMultiaddrs().map(String))
      await say(connection, PeerProtocol.hello, peerRequest.encode({ method: 0, payload: hello }), HELLO_MS)
      await until('the hello is believed', () => this.victim.peers().some(p => p.peerId === node.peerId.toString()))
    }
    return { node, connection, close: async () => void (await node.stop()) }
  }

  async stop(): Promise<void> {
    await this.running.stop()
    await this.#disks.clear()
  }
}

/** One framed request on a stream of its own, and its answer. */
export async function say(
  connection: Connection,
  protocol: string,
  bytes: Uint8Array,
  limitMs = 5_000
): Promise<{ ok: boolean; code: string; payload: Uint8Array }> {
  const stream = await connection.newStream(protocol, { signal: AbortSignal.timeout(limitMs) })
  const line = frames(stream, 2 ** 20)
  const signal = AbortSignal.timeout(limitMs)
  await line.write(bytes, signal)
  const answer = peerResponse.decode(await line.read(signal))
  await stream.close()
  return answer
}
