import { multiaddr, type Multiaddr } from '@multiformats/multiaddr'
import { NetError } from './errors.ts'

/** Address parts this node dials: plain TCP to an address or a name. */
const DIALABLE = new Set(['ip4', 'ip6', 'dns', 'dns4', 'dns6', 'tcp', 'p2p'])

/** @throws NET_ADDRESS for a setting that is not an address. */
export function configuredAddress(address: string): Multiaddr {
  const found = parse(address)
  if (!found) {
    throw new NetError({ code: 'NET_ADDRESS', address }, `"${address}" is not an address that can be dialled.`, {
      hint: 'Write it like /ip4/127.0.0.1/tcp/10300 or /dns4/host/tcp/10300/p2p/<peer id>.'
    })
  }
  return found
}

/** The peer id an address ends in, or null. */
export const peerIdOf = (address: Multiaddr): string | null =>
  address.getComponents().findLast(part => part.name === 'p2p')?.value ?? null

/** Of addresses that somebody else wrote: those that can be dialled and name this peer, at most eight. */
export function usableAddresses(addresses: readonly string[], peerId: string): readonly string[] {
  return addresses.slice(0, 8).filter(address => {
    const found = parse(address)
    return found !== null && peerIdOf(found) === peerId
  })
}

/** The peer that a list of addresses belongs to, if they all name the same one. */
export function ownerOf(addresses: readonly string[]): string | null {
  const first = addresses[0] === undefined ? null : parse(addresses[0])
  return first ? peerIdOf(first) : null
}

function parse(address: string): Multiaddr | null {
  if (address.length > 256) return null
  try {
    const found = multiaddr(address)
    const parts = found.getComponents()
    const known = parts.every(part => DIALABLE.has(part.name))
    return known && parts.length >= 2 && parts.length <= 3 && parts[1]!.name === 'tcp' && parts[0]!.name !== 'p2p'
      ? found
      : null
  } catch {
    return null
  }
}
