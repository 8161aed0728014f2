import { isIP } from 'node:net'

/** Pages of the developer's own machine. `*` stands for any port. */
export const DEVNET_ORIGINS: readonly string[] = ['http://127.0.0.1:*', 'http://localhost:*']

/** Whether a page of this origin may call. Requests without an origin do not come from a page. */
export function isAllowedOrigin(origin: string | undefined, allowed: readonly string[]): boolean {
  if (origin === undefined) return true
  return allowed.some(pattern => {
    if (!pattern.endsWith(':*')) return origin === pattern
    const base = pattern.slice(0, -2)
    return origin === base || (origin.startsWith(`${base}:`) && /^\d{1,5}$/.test(origin.slice(base.length + 1)))
  })
}

/**
 * Whether the Host header names this server. A page whose name was rebound to this address sends its own name: names are
 * refused unless they are `localhost` or configured. Addresses cannot be rebound.
 */
export function isAllowedHost(host: string | undefined, names: readonly string[]): boolean {
  if (host === undefined || host.length > 255) return false
  const name = host.replace(/:\d{1,5}$/, '').toLowerCase()
  if (isIP(name.replace(/^\[|\]$/g, '')) !== 0) return true
  return name === 'localhost' || names.some(known => known.toLowerCase() === name)
}
