import { discoverWallets, type Wallet } from 'enigma-js'
import { useEffect, useState } from 'react'

/** The browser's wallets, as they announce themselves (EIP-6963). */
export function useWallets(): readonly Wallet[] {
  const [wallets, setWallets] = useState<readonly Wallet[]>([])
  useEffect(() => discoverWallets(found => setWallets(known => [...known.filter(w => w.id !== found.id), found])), [])
  return wallets
}
