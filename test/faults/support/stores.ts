import { startFaultProxy, type FaultProxy } from '@enigma/faults'
import { codeHashOf, utf8, type Hash } from '@enigma/protocol'
import {
  Disks,
  LOOPBACK,
  MemoryChain,
  PeerDeltaSync,
  Running,
  asScAddr,
  deltaCalls,
  makeDelta,
  makeNetwork,
  quiet,
  serve,
  serveContent,
  type LevelContentStore,
  type Libp2pNetwork
} from '@enigma/worker/testing'
import { freePort } from './free-port.ts'

export const CODE = utf8('the bytecode')
export const CONTRACT = asScAddr('contract')

/** What an evil worker answers when it is asked for content; null: it has nothing. */
export interface Lie {
  readonly delta: (index: number) => Uint8Array | null
  readonly code: () => Uint8Array | null
}

interface HonestPlace {
  readonly announce?: readonly string[]
}

interface Honest {
  readonly network: Libp2pNetwork
  readonly store: LevelContentStore
  readonly sync: PeerDeltaSync
}

/** Workers with stores of their own over one chain in memory: honest ones, and ones that answer what they like. */
export class StoreLab {
  readonly chain = new MemoryChain()
  readonly #running = new Running()
  readonly #disks = new Disks()
  readonly #names: readonly string[]
  #bootstrap: readonly string[] = []

  constructor(names: readonly string[]) {
    this.#names = names
    for (const name of names) this.chain.register(name)
    this.chain.startEpoch(names)
  }

  /** A contract on chain with this many deltas; gives their bytes. */
  history(count: number, salt = '', bytes = 100): { delta: Uint8Array; hash: Hash }[] {
    this.chain.deploy(CONTRACT, codeHashOf(CODE))
    const deltas = Array.from({ length: count }, (_, index) => makeDelta(CONTRACT, index, salt, bytes))
    for (const { hash } of deltas) this.chain.append(CONTRACT, hash)
    return deltas
  }

  async honest(name: string, listen: readonly string[] = LOOPBACK, place: HonestPlace = {}): Promise<Honest> {
    const { announce = [] } = place
    const network = await makeNetwork(this.chain, name, { bootstrap: this.#bootstrap, listen, announce })
    const { store } = await this.#disks.content()
    const sync = new PeerDeltaSync({
      network,
      chain: this.chain,
      store,
      log: quiet,
      graceMs: 20,
      retryMs: 100
    })
    await this.#running.start(network)
    await this.#running.start(sync)
    this.#started(network)
    return { network, store, sync }
  }

  /** One that holds the bytecode and these deltas, and is reached only through the proxy. */
  async honestBehindProxy(name: string, deltas: readonly Uint8Array[]): Promise<Honest & { proxy: FaultProxy }> {
    const port = await freePort()
    const proxy = await startFaultProxy({ target: { port } })
    await this.#running.start({ start: () => Promise.resolve(), stop: () => proxy.stop() })
    const listen = [`/ip4/127.0.0.1/tcp/${port}`]
    const honest = await this.honest(name, listen, { announce: [`/ip4/127.0.0.1/tcp/${proxy.port}`] })
    for (const delta of deltas) await honest.store.putDelta(delta, null)
    await honest.store.putBytecode(CODE, null)
    return { ...honest, proxy }
  }

  async evil(name: string, { delta, code }: Lie): Promise<Libp2pNetwork> {
    const network = await this.#network(name)
    serve(network, deltaCalls, {
      pushDelta: () => Promise.resolve({}),
      pushBytecode: () => Promise.resolve({}),
      pushDeltas: ({ deltas }) => Promise.resolve({ codes: deltas.map(() => '') })
    })
    serveContent(network, {
      delta: (_, index) => Promise.resolve(delta(index)),
      code: () => Promise.resolve(code())
    })
    await this.#running.start(network)
    this.#started(network)
    return network
  }

  #network(name: string): Promise<Libp2pNetwork> {
    if (!this.#names.includes(name)) throw new RangeError(`${name} is not registered`)
    return makeNetwork(this.chain, name, { bootstrap: this.#bootstrap })
  }

  #started(network: Libp2pNetwork): void {
    if (this.#bootstrap.length === 0) this.#bootstrap = network.multiaddrs()
  }

  async stop(): Promise<void> {
    await this.#running.stop()
    await this.#disks.clear()
  }
}
