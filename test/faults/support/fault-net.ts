import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  honest,
  startFaultProxy,
  startNamespaceNet,
  startRpcFront,
  type FaultProxy,
  type NamespaceNet,
  type Random,
  type RpcFront
} from '@enigma/faults'
import {
  startDevnet,
  type DevAccount,
  type Devnet,
  type DevnetNode,
  type DevnetOptions,
  type DevnetWorker
} from '@enigma/devnet'
import { Lender } from './borrowing.ts'
import { HEAP_PROBE, heapProbeEnv } from './heap.ts'
import { FaultLedger } from './fault-ledger.ts'

/** Blocks of an epoch, and the time between two blocks: a task that nobody serves is refunded after 22 blocks, 11 s. */
export const EPOCH_SIZE = 20
export const BLOCK_MS = 500

const FIRST = { pick: <T>(from: readonly T[]): T => from[0]! }

export interface FaultNetInit {
  /** For data and logs. */
  readonly folder: string
  /** Each node on a host of its own, in network namespaces. Needs a lane that runs in a namespace. */
  readonly namespaces?: boolean
  readonly workers?: number
  readonly devnet?: DevnetOptions
}

/** A running network for faults, and what rows ask of it. */
export interface FaultNet {
  readonly devnet: Devnet
  /** Of this lane: what nodes are to leave for the rows. */
  readonly folder: string
  readonly ledger: FaultLedger
  /** The hosts, if they are in namespaces. */
  readonly hosts: NamespaceNet | null
  worker(index: number): DevnetWorker
  /** The first of the two Ethereum endpoints of one node, honest unless told otherwise, and the second. Not with namespaces. */
  front(name: string): RpcFront
  secondFront(name: string): RpcFront
  /** Takes any worker, or any node, for a while: no other row does anything to it. Whatever was done to it, it runs afterwards. */
  withWorker<T>(random: Random, use: (worker: DevnetWorker) => Promise<T>): Promise<T>
  withNode<T>(random: Random, names: readonly string[], use: (node: DevnetNode) => Promise<T>): Promise<T>
  /** `principal` and all workers. */
  readonly names: readonly string[]
  node(name: string): DevnetNode
  /** An account that no other row uses at the same time; there are nine. */
  borrowUser(): Promise<DevAccount>
  returnUser(account: DevAccount): void
  /** What is to be done when the row is over, in whatever way. */
  atEnd(clean: () => unknown): void
  /** Asks until the answer is defined; errors count as no answer. @throws after 90 s, naming what was waited for. */
  eventually<T>(what: string, ask: () => Promise<T | undefined>, limitMs?: number): Promise<T>
  /** Blocks from now. */
  blocks(count: number): Promise<void>
  /** The whole log of a process so far. */
  log(name: string): string
  stop(): Promise<void>
}

export async function startFaultNet({
  folder,
  namespaces = false,
  workers = 3,
  devnet: options = {}
}: FaultNetInit): Promise<FaultNet> {
  const names = ['principal', ...Array.from({ length: workers }, (_, i) => `worker${i + 1}`)]
  const hosts = namespaces ? await startNamespaceNet(names) : null
  let chainProxy: FaultProxy | null = null
  const fronts = new Map<string, RpcFront>()
  const seconds = new Map<string, RpcFront>()
  const devnet = await startDevnet({
    dataDir: join(folder, 'data'),
    logDir: join(folder, 'logs'),
    workers,
    epochSize: EPOCH_SIZE,
    mining: { mode: 'interval', ms: BLOCK_MS },
    ...(hosts === null ? behindFronts() : inNamespaces(hosts)),
    ...options
  })
  async function stop(): Promise<void> {
    ledger.close()
    await devnet.stop()
    await chainProxy?.stop()
    await Promise.all([...fronts.values(), ...seconds.values()].map(front => front.stop()))
    await hosts?.stop()
  }

  /** Each node has two Ethereum endpoints of its own. */
  function behindFronts(): DevnetOptions {
    return {
      preload: [HEAP_PROBE],
      env: () => heapProbeEnv(folder),
      seams: {
        async chain(url) {
          for (const name of names) {
            fronts.set(name, await startRpcFront(url))
            seconds.set(name, await startRpcFront(url))
          }
        },
        chainUrl: name => `${fronts.get(name)!.url},${seconds.get(name)!.url}`
      }
    }
  }

  /** Nodes listen on their hosts' addresses, and reach the chain through a proxy on the bridge: it listens on loopback only. */
  function inNamespaces(net: NamespaceNet): DevnetOptions {
    return {
      seams: {
        async chain(url) {
          chainProxy = await startFaultProxy({ target: { port: Number(new URL(url).port) }, host: net.gateway })
        },
        command: name => net.command(name),
        chainUrl: () => `http://${net.gateway}:${chainProxy!.port}`
      },
      preload: [HEAP_PROBE],
      env: name => ({
        ...heapProbeEnv(folder),
        ENIGMA_HTTP_HOST: net.address(name),
        ENIGMA_P2P_HOST: net.address(name)
      })
    }
  }

  const ledger = new FaultLedger(devnet)
  const nodes = new Lender(names)
  const users = new Lender(devnet.accounts.users)
  const node = (name: string): DevnetNode => [devnet.principal, ...devnet.workers].find(one => one.name === name)!

  /** As it was before a row did something to it. */
  async function mend(name: string): Promise<void> {
    for (const front of [fronts.get(name), seconds.get(name)]) front?.behave(honest)
    if (node(name).pid !== undefined) return devnet.kill(name, 'SIGCONT')
    await devnet.restart(name).catch(() => devnet.restart(name)) // once more: everything may have been slow
  }
  const withNode: FaultNet['withNode'] = async (random, wanted, use) => {
    const name = await nodes.borrow(random, one => wanted.includes(one))
    try {
      return await use(node(name))
    } finally {
      await mend(name).finally(() => nodes.giveBack(name))
    }
  }
  const withWorker: FaultNet['withWorker'] = (random, use) =>
    withNode(random, names.slice(1), ({ name }) => use(devnet.workers.find(worker => worker.name === name)!))
  const eventually: FaultNet['eventually'] = async (what, ask, limitMs = 90_000) => {
    const deadline = performance.now() + limitMs
    let last: unknown
    for (;;) {
      try {
        const answer = await ask()
        if (answer !== undefined) return answer
      } catch (error) {
        last = error
      }
      if (performance.now() > deadline) {
        const why = last === undefined ? '' : `: ${last instanceof Error ? last.message : String(last as string)}`
        throw new Error(`${what} did not come within ${limitMs / 1000} s${why}`, { cause: last })
      }
      await sleep(100)
    }
  }
  return {
    devnet,
    folder,
    ledger,
    hosts,
    worker: index => devnet.workers[index - 1]!,
    front(name) {
      const found = fronts.get(name)
      if (found === undefined) throw new RangeError(`${name} has no endpoint of its own`)
      return found
    },
    secondFront: name => seconds.get(name)!,
    names,
    node,
    withNode,
    withWorker,
    borrowUser: () => users.borrow(FIRST),
    returnUser: account => users.giveBack(account),
    atEnd: () => undefined,
    eventually,
    async blocks(count) {
      const until = (await devnet.blockNumber()) + count
      await eventually(`block ${until}`, async () => ((await devnet.blockNumber()) >= until ? true : undefined))
    },
    log: name => readFileSync(join(devnet.logDir, `${name}.log`), 'utf8'),
    stop
  }
}

/** The network as one row has it: what the row takes and opens is given back when it is over. */
export function forRow(net: FaultNet): { net: FaultNet; end(): Promise<void> } {
  const cleanups: (() => unknown)[] = []
  const atEnd = (clean: () => unknown): void => void cleanups.push(clean)
  return {
    net: { ...net, atEnd },
    async end() {
      for (const clean of cleanups.reverse()) await clean()
    }
  }
}
