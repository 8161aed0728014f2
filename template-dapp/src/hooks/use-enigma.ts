import { createEnigmaClient, type EnigmaClient, type Wallet } from 'enigma-js'
import { useCallback, useEffect, useRef, useState } from 'react'
import { loadNetworkFile, type NetworkFile, type TestAccount } from './network-file.ts'
import { problemOf, type Problem } from './problem.ts'
import { useWallets } from './use-wallets.ts'
import { onWalletChange, prepareWallet } from './wallet-chain.ts'

/** Who pays for tasks and signs them. */
export interface Account {
  readonly address: string
  /** `Test account 1`, or the wallet's name. */
  readonly label: string
}

export interface Enigma {
  readonly status: 'loading' | 'ready' | 'failed'
  /** Reads only; it is there as soon as the network is. */
  readonly client: EnigmaClient | null
  /** The same network with an account that pays; null until one is chosen. */
  readonly payer: EnigmaClient | null
  readonly account: Account | null
  readonly network: NetworkFile | null
  readonly wallets: readonly Wallet[]
  readonly testAccounts: readonly TestAccount[]
  /** True while a wallet is asked. */
  readonly connecting: boolean
  readonly problem: Problem | null
  connectWallet(wallet: Wallet): Promise<void>
  connectTestAccount(index: number): Promise<void>
  disconnect(): void
}

/** A network that is still starting is asked again. */
const RETRY_MS = 2_000
const REMEMBER = 'template-dapp/account'

/** The connection of a page to an Enigma network, and the account that the visitor chose. The choice outlives a reload. */
export function useEnigma(): Enigma {
  const [network, setNetwork] = useState<NetworkFile | null>(null)
  const [client, setClient] = useState<EnigmaClient | null>(null)
  const [payer, setPayer] = useState<EnigmaClient | null>(null)
  const [account, setAccount] = useState<Account | null>(null)
  const [wallet, setWallet] = useState<Wallet | null>(null)
  const [connecting, setConnecting] = useState(false)
  const [problem, setProblem] = useState<Problem | null>(null)
  const [isReachable, setReachable] = useState(true)
  const wallets = useWallets()
  const current = useRef<EnigmaClient | null>(null)

  useEffect(() => {
    const stop = new AbortController()
    let opened: EnigmaClient | undefined
    const open = async (): Promise<void> => {
      while (!stop.signal.aborted) {
        try {
          const found = await loadNetworkFile(stop.signal)
          const { enigma, rpc, mode, chainUrl } = found
          opened = await createEnigmaClient({ chainUrl, network: { enigma, rpc, mode } })
          if (stop.signal.aborted) return opened.close()
          setNetwork(found)
          setClient(opened)
          setReachable(true)
          setProblem(null)
          return
        } catch (error) {
          if (stop.signal.aborted) return
          setReachable(false)
          setProblem(problemOf(error))
          await new Promise(resolve => setTimeout(resolve, RETRY_MS))
        }
      }
    }
    void open()
    return () => {
      stop.abort()
      opened?.close()
    }
  }, [])

  const use = useCallback((next: EnigmaClient | null, chosen: Account | null) => {
    if (current.current !== next) current.current?.close()
    current.current = next
    setPayer(next)
    setAccount(chosen)
  }, [])

  /** Whoever was chosen last is who pays, even if an earlier choice connects later. */
  const turn = useRef(0)
  const connect = useCallback(async (open: () => Promise<EnigmaClient>, done: (opened: EnigmaClient) => void) => {
    const mine = ++turn.current
    setConnecting(true)
    setProblem(null)
    try {
      const opened = await open()
      if (mine === turn.current) done(opened)
      else opened.close()
    } catch (error) {
      if (mine === turn.current) setProblem(problemOf(error))
    } finally {
      if (mine === turn.current) setConnecting(false)
    }
  }, [])

  const connectTestAccount = useCallback(
    async (index: number) => {
      const chosen = network?.testAccounts?.[index]
      if (network === null || chosen === undefined) return
      const { enigma, rpc, mode, chainUrl } = network
      const { privateKey, address } = chosen
      await connect(
        () => createEnigmaClient({ privateKey, chainUrl, network: { enigma, rpc, mode } }),
        opened => {
          setWallet(null)
          use(opened, { address, label: `Test account ${index + 1}` })
          localStorage.setItem(REMEMBER, `test:${index}`)
        }
      )
    },
    [connect, network, use]
  )

  const connectWallet = useCallback(
    async (chosen: Wallet) => {
      if (network === null) return
      const { enigma, rpc, mode } = network
      const { provider, name, rdns } = chosen
      await connect(
        async () => {
          await prepareWallet(provider, network)
          return createEnigmaClient({ provider, network: { enigma, rpc, mode } })
        },
        opened => {
          setWallet(chosen)
          use(opened, { address: opened.address ?? '', label: name })
          localStorage.setItem(REMEMBER, `wallet:${rdns}`)
        }
      )
    },
    [connect, network, use]
  )

  // Another account or chain in the wallet is another payer.
  useEffect(() => {
    if (wallet === null) return
    return onWalletChange(wallet.provider, () => void connectWallet(wallet))
  }, [wallet, connectWallet])

  const disconnect = useCallback(() => {
    use(null, null)
    setWallet(null)
    localStorage.removeItem(REMEMBER)
  }, [use])

  // After a reload: a test account at once, a wallet as soon as it has announced itself.
  const restored = useRef(false)
  useEffect(() => {
    if (network === null || restored.current || account !== null) return
    const [kind, value] = (localStorage.getItem(REMEMBER) ?? '').split(':', 2)
    if (kind === 'test') {
      restored.current = true
      void connectTestAccount(Number(value))
    } else if (kind === 'wallet') {
      const wallet = wallets.find(({ rdns }) => rdns === value)
      if (wallet === undefined) return
      restored.current = true
      void connectWallet(wallet)
    }
  }, [network, wallets, account, connectTestAccount, connectWallet])

  const status = client !== null ? 'ready' : isReachable ? 'loading' : 'failed'
  return {
    status,
    client,
    payer,
    account,
    network,
    wallets,
    testAccounts: network?.testAccounts ?? [],
    connecting,
    problem,
    connectWallet,
    connectTestAccount,
    disconnect
  }
}
