import { startFaultProxy, type FaultProxy } from '@enigma/faults'
import { PeerProtocol } from '@enigma/protocol'
import {
  Disks,
  LOOPBACK,
  LevelContentStore,
  MemoryChain,
  PeerDeltaSync,
  PeerKeyExchange,
  ResultCache,
  Results,
  Running,
  SnapshotStore,
  Snapshots,
  createQueryRelay,
  createStatusBoard,
  makeNetwork,
  quiet,
  servePrincipal,
  until,
  type Database,
  type Libp2pNetwork,
  type Libp2pNetworkInit,
  type NetLimits
} from '@enigma/worker/testing'
import { connectAttacker, type Attacker } from './attacker.ts'
import { freePort } from './free-port.ts'

export { say } from './attacker.ts'

/** There is no enclave here: whatever gets as far as one is refused. */
const noEnclave = (): Promise<never> => Promise.reject(new Error('there is no enclave'))

/** A node of the product with everything that it answers peers by itself, and peers that speak libp2p and above it whatever they like. */
export class PeerLab {
  readonly chain = new MemoryChain()
  readonly running = new Running()
  readonly #disks = new Disks()
  victim!: Libp2pNetwork
  /** All that the victim keeps. */
  db!: Database
  results!: Results
  served = 0

  /** Starts the victim; it answers every call of the task relay with its own payload. */
  static async start(limits: Partial<NetLimits> = {}, place: Partial<Libp2pNetworkInit> = {}): Promise<PeerLab> {
    const lab = new PeerLab()
    lab.chain.register('alice')
    lab.chain.startEpoch(['alice'])
    lab.victim = await makeNetwork(lab.chain, 'alice', { limits, ...place })
    const { victim: network, chain } = lab
    const { db } = await lab.#disks.database()
    lab.db = db
    const store = await LevelContentStore.open(db, quiet)
    const sync = new PeerDeltaSync({ network, chain, store, log: quiet })
    const keys = new PeerKeyExchange({ network, chain, log: quiet })
    lab.victim.handle(PeerProtocol.taskRelay, {
      0: payload => {
        lab.served += 1
        return Promise.resolve(payload)
      }
    })
    new Snapshots({ network, chain, store: await SnapshotStore.open(db), log: quiet })
    createQueryRelay({ network, chain, seat: { answer: noEnclave }, signer: () => null, log: quiet })
    const enclave = { call: noEnclave } as unknown as Parameters<typeof servePrincipal>[0]['enclave']
    servePrincipal({ chain, enclave, network, board: createStatusBoard(), attested: noEnclave })
    const tasks = { releasedResult: () => Promise.resolve(null), onReleased: () => () => undefined }
    const results = (lab.results = new Results({
      network,
      chain,
      tasks,
      cache: await ResultCache.open(db),
      log: quiet,
      aheadMs: 500
    }))
    await lab.running.start(lab.victim)
    await lab.running.start({
      start: () => Promise.resolve(results.start()),
      stop: () => Promise.resolve(results.stop())
    })
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
  async attacker(name?: string): Promise<Attacker> {
    if (name !== undefined) this.chain.register(name)
    const attacker = await connectAttacker(this.victim.multiaddrs(), this.chain.facts, name)
    const peerId = attacker.node.peerId.toString()
    if (name !== undefined)
      await until('the hello is believed', () => this.victim.peers().some(p => p.peerId === peerId))
    return attacker
  }

  async stop(): Promise<void> {
    await this.running.stop()
    await this.#disks.clear()
  }
}
