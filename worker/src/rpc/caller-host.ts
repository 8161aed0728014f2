import { isIPv6 } from 'node:net'

/**
 * Whom the bounds of a host count a connection for: an IPv4 address, or the first 64 bits of an IPv6 address. A single machine has all
 * addresses behind those, so that bounds of each address would bound nothing.
 */
export function hostOf(address: string | undefined): string {
  if (address === undefined) return 'unknown'
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)
  if (mapped) return mapped[1]!
  if (!isIPv6(address)) return address
  const groups = (text: string): string[] => (text === '' ? [] : text.split(':'))
  const [front, back] = address.split('%', 1)[0]!.split('::') as [string, string | undefined]
  const before = groups(front)
  const zeros = back === undefined ? 0 : 8 - before.length - groups(back).length
  const all = [...before, ...Array<string>(zeros).fill('0'), ...groups(back ?? '')]
  const network = all.slice(0, 4).map(group => Number.parseInt(group, 16).toString(16))
  return `${network.join(':')}::/64`
}
