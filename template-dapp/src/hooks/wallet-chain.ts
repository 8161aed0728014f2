import type { Wallet } from 'enigma-js'
import type { NetworkFile } from './network-file.ts'

type Provider = Wallet['provider']

/** The chain is not known to the wallet (EIP-3326). */
const UNKNOWN_CHAIN = 4902

/** Asks a wallet for its accounts, and to be on the network's chain; offers the chain to a wallet that does not know it. */
export async function prepareWallet(provider: Provider, { chainId, chainUrl }: NetworkFile): Promise<void> {
  await provider.request({ method: 'eth_requestAccounts' })
  const wanted = `0x${chainId.toString(16)}`
  if (Number(await provider.request({ method: 'eth_chainId' })) === chainId) return
  try {
    await provider.request({ method: 'wallet_switchEthereumChain', params: [{ chainId: wanted }] })
  } catch (error) {
    if ((error as { code?: unknown } | null)?.code !== UNKNOWN_CHAIN) throw error
    const chain = {
      chainId: wanted,
      chainName: `Enigma test network (${chainId})`,
      rpcUrls: [chainUrl],
      nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 }
    }
    await provider.request({ method: 'wallet_addEthereumChain', params: [chain] })
  }
}

/** Events of EIP-1193; a wallet need not have them. */
type Emitter = Partial<Record<'on' | 'removeListener', (event: string, listener: () => void) => void>>
const CHANGES = ['accountsChanged', 'chainChanged']

/** Calls back when the wallet's user chose another account or chain. @returns ends it. */
export function onWalletChange(provider: Provider, changed: () => void): () => void {
  const emitter = provider as Emitter
  for (const event of CHANGES) emitter.on?.(event, changed)
  return () => {
    for (const event of CHANGES) emitter.removeListener?.(event, changed)
  }
}
