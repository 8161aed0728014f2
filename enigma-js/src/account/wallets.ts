import type { Eip1193Provider } from 'ethers'

/** A browser wallet that has announced itself (EIP-6963). */
export interface Wallet {
  /** New with every page load. */
  readonly id: string
  /** Reverse domain name of the wallet: stable. */
  readonly rdns: string
  readonly name: string
  /** A data: address of a picture, or empty. It comes from the wallet: show it in an <img>, never as HTML. */
  readonly icon: string
  readonly provider: Eip1193Provider
}

interface Announcement {
  readonly info?: { readonly uuid?: unknown; readonly name?: unknown; readonly icon?: unknown; readonly rdns?: unknown }
  readonly provider?: Partial<Eip1193Provider>
}

const ANNOUNCE = 'eip6963:announceProvider'
const REQUEST = 'eip6963:requestProvider'
const MAX_WALLETS = 32
const MAX_ICON = 128 * 1024

/**
 * Asks the wallets of this browser to announce themselves, and reports each once. Wallets may come at any time later.
 *
 * @returns ends the search.
 */
export function discoverWallets(onWallet: (wallet: Wallet) => void, target: EventTarget = globalThis): () => void {
  const seen = new Set<string>()
  const hear = (event: Event): void => {
    const wallet = walletOf((event as CustomEvent<Announcement | null>).detail)
    if (wallet === null || seen.has(wallet.id) || seen.size >= MAX_WALLETS) return
    seen.add(wallet.id)
    onWallet(wallet)
  }
  target.addEventListener(ANNOUNCE, hear)
  target.dispatchEvent(new Event(REQUEST))
  return () => target.removeEventListener(ANNOUNCE, hear)
}

/** A wallet, or null for an announcement that is none. */
function walletOf(detail: Announcement | null | undefined): Wallet | null {
  const { info, provider } = detail ?? {}
  if (typeof info?.uuid !== 'string' || typeof info.name !== 'string' || typeof provider?.request !== 'function')
    return null
  const hasIcon = typeof info.icon === 'string' && info.icon.startsWith('data:image/') && info.icon.length <= MAX_ICON
  return {
    id: info.uuid.slice(0, 100),
    rdns: typeof info.rdns === 'string' ? info.rdns.slice(0, 200) : '',
    name: info.name.slice(0, 60),
    icon: hasIcon ? (info.icon as string) : '',
    provider: provider as Eip1193Provider
  }
}
