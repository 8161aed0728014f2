import { run } from './commands.ts'
import { rulesFor, type LinkFaults } from './rules.ts'

/** Hosts in network namespaces, joined by a bridge in the namespace of this process. */
export interface NamespaceNet {
  /** Address of this process on the bridge. */
  readonly gateway: string
  address(host: string): string
  /** Runs a program on that host: put it before a command line. */
  command(host: string): readonly string[]
  /** Replaces the faults on packets that a host gets, by their sender (`gateway` is this process); none: a whole network. */
  faults(host: string, from: Readonly<Record<string, LinkFaults>>): Promise<void>
  /** Packets between hosts of different groups are dropped; this process reaches all of them. */
  partition(...groups: readonly (readonly string[])[]): Promise<void>
  heal(): Promise<void>
  /** Limits what this host sends, or lifts the limit. */
  rate(host: string, kilobits: number | null): Promise<void>
  stop(): Promise<void>
}

const SUBNET = '10.77.0'
const GATEWAY = `${SUBNET}.1`

/**
 * Makes the hosts. Needs to be root in a network namespace of its own (`ownNamespace` starts a program in one), so that nothing of
 * the machine's network is touched and all of it is gone with the process, however that ends.
 *
 * @throws where namespaces cannot be made, with the command that failed.
 */
export async function startNamespaceNet(hosts: readonly string[]): Promise<NamespaceNet> {
  const addresses = new Map(hosts.map((host, i) => [host, `${SUBNET}.${i + 2}`]))
  const known = (host: string): string => {
    const address = host === 'gateway' ? GATEWAY : addresses.get(host)
    if (address === undefined) throw new RangeError(`there is no host ${host}`)
    return address
  }
  const ip = (...args: string[]): Promise<string> => run('ip', args)
  const inside = (host: string): string[] => ['netns', 'exec', host]

  await ip('link', 'set', 'lo', 'up')
  await ip('link', 'add', 'br0', 'type', 'bridge')
  await ip('addr', 'add', `${GATEWAY}/24`, 'dev', 'br0')
  await ip('link', 'set', 'br0', 'up')
  for (const [i, host] of hosts.entries()) {
    await ip('netns', 'add', host)
    await ip('link', 'add', `port${i}`, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', host)
    await ip('link', 'set', `port${i}`, 'master', 'br0', 'up')
    await ip('-n', host, 'addr', 'add', `${known(host)}/24`, 'dev', 'eth0')
    await ip('-n', host, 'link', 'set', 'eth0', 'up')
    await ip('-n', host, 'link', 'set', 'lo', 'up')
  }

  const faults: NamespaceNet['faults'] = async (host, from) => {
    const byAddress = Object.entries(from).map(([sender, what]) => [known(sender), what] as const)
    await run('ip', [...inside(host), 'nft', '-f', '-'], rulesFor(byAddress))
  }
  return {
    gateway: GATEWAY,
    address: known,
    command: host => ['ip', ...inside(host)],
    faults,
    async partition(...groups) {
      for (const group of groups) {
        const others = groups.filter(other => other !== group).flat()
        const drops = Object.fromEntries(others.map(other => [other, { lossPercent: 100 }]))
        for (const host of group) await faults(host, drops)
      }
    },
    async heal() {
      for (const host of hosts) await faults(host, {})
    },
    async rate(host, kilobits) {
      await run('ip', [...inside(host), 'tc', 'qdisc', 'del', 'dev', 'eth0', 'root']).catch(() => undefined) // had none
      if (kilobits === null) return
      const bucket = ['tbf', 'rate', `${kilobits}kbit`, 'burst', '16kb', 'latency', '400ms']
      await run('ip', [...inside(host), 'tc', 'qdisc', 'add', 'dev', 'eth0', 'root', ...bucket])
    },
    async stop() {
      for (const host of hosts) await ip('netns', 'del', host)
      await ip('link', 'del', 'br0')
    }
  }
}

/**
 * The command line that runs a program in a network and mount namespace of its own: its interfaces and named namespaces are nobody
 * else's, and vanish with it.
 */
export function ownNamespace(program: readonly string[]): readonly string[] {
  const script = 'mkdir -p /run/netns && mount -t tmpfs -o mode=755 tmpfs /run/netns && exec "$@"'
  return ['unshare', '--net', '--mount', '--propagation', 'private', '--', 'sh', '-c', script, 'sh', ...program]
}
