import { multiaddr, type Multiaddr } from '@multiformats/multiaddr'
import { NetError } from './errors.ts'

/** Where an address can lead: to an IP address or a name. */
const HOSTS = new Set(['ip4', 'ip6', 'dns', 'dns4', 'dns6'])

/** @throws NET_ADDRESS for a setting that is not an address. */
export function configuredAddress(address: string): Multiaddr {
  const found = parse(address)
  if (!found) {
    throw new NetError({ code: 'NET_ADDRESS', address }, `"${address}" is not an address that can be dialled.`, {
      hint: 'Write it like /ip4/127.0.0.1/tcp/10300 or /dns4/host/tcp/10300/p2p/<peer id>; /ws after the port is for WebSocket.'
    })
  }
  return found
}

/** The peer id an address ends in, or null. */
export const peerIdOf = (address: Multiaddr): string | null =>
  address.getComponents().findLast(part => part.name === 'p2p')?.value ?? null

/** Of addresses that somebody else wrote: those that can be dialled and name this peer, at most eight, TCP first. */
export function usableAddresses(addresses: readonly string[], peerId: string): readonly string[] {
  return addresses
    .slice(0, 8)
    .filter(address => {
      const found = parse(address)
      return found !== null && peerIdOf(found) === peerId
    })
    .sort((a, b) => Number(a.includes('/ws')) - Number(b.includes('/ws')))
}

/** The peer that a list of addresses belongs to, if they all name the same one. */
export function ownerOf(addresses: readonly string[]): string | null {
  const first = addresses[0] === undefined ? null : parse(addresses[0])
  return first ? peerIdOf(first) : null
}

const NOWHERE = ['0.0.0.0', '::']

/** Whether this is an address at which others can reach a host, whatever node is there: it names no peer. */
export function isPlace(address: string): boolean {
  const found = parse(address)
  if (found === null || peerIdOf(found) !== null) return false
  const [host, tcp] = found.getComponents()
  return !NOWHERE.includes(host?.value ?? '') && Number(tcp?.value) > 0
}

/** Host, TCP port, perhaps WebSocket, perhaps a peer id: what this node dials, and nothing else. */
export function isDialable(address: Multiaddr): boolean {
  const [host, tcp, ...rest] = address.getComponents().map(part => part.name)
  if (host === undefined || !HOSTS.has(host) || tcp !== 'tcp') return false
  return ['', 'ws', 'p2p', 'ws/p2p'].includes(rest.join('/'))
}

/**
 * The network an address lies in, as far as one party may own all of it: the first 24 bits of IPv4, 48 of IPv6. Null for
 * loopback and for names, which no rule about networks concerns.
 */
export function subnetOf(address: string): string | null {
  const [host] = parse(address)?.getComponents() ?? []
  if (host?.value === undefined) return null
  if (host.name === 'ip4') return host.value.startsWith('127.') ? null : host.value.split('.').slice(0, 3).join('.')
  if (host.name !== 'ip6' || host.value === '::1') return null
  const [head = ''] = host.value.split('::')
  return [...head.split(':'), '0', '0', '0'].slice(0, 3).join(':')
}

function parse(address: string): Multiaddr | null {
  if (address.length > 256) return null
  try {
    const found = multiaddr(address)
    return isDialable(found) ? found : null
  } catch {
    return null
  }
}
