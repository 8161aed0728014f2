import type { DevnetWorker } from '@enigma/devnet'
import { must } from '../row.ts'
import type { FaultNet } from './fault-net.ts'

/** Nodes of the network that a node is connected with and believes. */
export async function peersOf(net: FaultNet, name: string): Promise<number> {
  const node = name === 'principal' ? net.devnet.principal : net.worker(Number(name.slice('worker'.length)))
  return (await node.status()).peers?.length ?? 0
}

/** Names of the nodes, others than itself, that are connected with a worker and believe it. */
export async function believedBy({ devnet }: FaultNet, worker: DevnetWorker): Promise<string[]> {
  const others = [devnet.principal, ...devnet.workers].filter(({ name }) => name !== worker.name)
  const found = await Promise.all(
    others.map(async other => {
      const { peers } = (await other.status()) as unknown as {
        readonly peers: readonly { readonly operator: string }[]
      }
      return peers.some(({ operator }) => operator.toLowerCase() === worker.operator.address.toLowerCase())
    })
  )
  return others.filter((_, i) => found[i]).map(({ name }) => name)
}

/** Waits until every node is connected with every other one. Gives the time that took, in ms. */
export async function whole(net: FaultNet, limitMs = 60_000): Promise<number> {
  const started = performance.now()
  const names = ['principal', ...net.devnet.workers.map(worker => worker.name)]
  await net.eventually(
    'every node connected with every other one',
    async () => {
      const counts = await Promise.all(names.map(name => peersOf(net, name)))
      return counts.every(count => count >= names.length - 1) ? true : undefined
    },
    limitMs
  )
  return performance.now() - started
}

/** Runs that a worker began or finished since its log had this length. */
export function runsSince(net: FaultNet, name: string, logLength: number): string[] {
  return net
    .log(name)
    .slice(logLength)
    .split('\n')
    .filter(line => /stage=sealed/.test(line))
}

export function hostsOf(net: FaultNet): NonNullable<FaultNet['hosts']> {
  must(net.hosts !== null, 'this row needs a network in namespaces')
  return net.hosts
}
