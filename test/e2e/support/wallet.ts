import { setTimeout as sleep } from 'node:timers/promises'
import type { DevAccount } from '@enigma/devnet'
import { Wallet } from 'ethers'
import type { BrowserContext } from 'playwright-core'
import { DevnetChain } from './chain-data.ts'

/** What a page's script asks its wallet. */
export interface WalletRequest {
  readonly method: string
  readonly params?: readonly unknown[]
}

export interface WalletInit {
  readonly account: DevAccount
  readonly chainUrl: string
  /** How long a person takes in each window that the wallet opens. */
  readonly popUpMs?: number
  /** The chain that the wallet is on before a page asks for another. Default: the network's own. */
  readonly chainId?: number
}

/** Methods for which a wallet opens a window. */
const POP_UPS = ['eth_requestAccounts', 'wallet_addEthereumChain', 'eth_signTypedData_v4', 'eth_sendTransaction']

/**
 * A browser wallet as a page meets one: it announces itself by EIP-6963 and answers by EIP-1193. The key stays outside the page;
 * every window that it opens is written down, and takes as long as a person would.
 */
export class StandInWallet {
  /** Methods for which a window was opened, in order. */
  readonly popUps: string[] = []
  /** While true, the person says no. */
  declines = false
  readonly #init: WalletInit
  readonly #chain: DevnetChain
  readonly #wallet: Wallet
  #connected = false
  #chainId: number | undefined
  #knowsChain: boolean

  constructor(init: WalletInit) {
    this.#init = init
    this.#chain = new DevnetChain(init.chainUrl)
    this.#wallet = new Wallet(init.account.privateKey)
    this.#chainId = init.chainId
    this.#knowsChain = init.chainId === undefined
  }

  get address(): string {
    return this.#wallet.address
  }

  /** Puts the wallet into every page that is opened from now on. */
  async install(context: BrowserContext): Promise<void> {
    await context.exposeFunction('askStandIn', (request: WalletRequest) =>
      this.request(request).then(
        result => ({ result }),
        // An error that crosses into the page would lose its code on the way.
        (error: Error & { code?: number; data?: unknown }) => ({
          error: { code: error.code ?? -32603, message: error.message, data: error.data }
        })
      )
    )
    await context.addInitScript(announce)
  }

  async request(request: WalletRequest): Promise<unknown> {
    const { method, params = [] } = request
    if (POP_UPS.includes(method) && !(method === 'eth_requestAccounts' && this.#connected)) {
      this.popUps.push(method)
      await sleep(this.#init.popUpMs ?? 0)
      if (this.declines) throw fault(4001, 'The user rejected the request.')
    }
    switch (method) {
      case 'eth_requestAccounts':
        this.#connected = true
        return [this.address]
      case 'eth_accounts':
        return this.#connected ? [this.address] : []
      case 'eth_chainId':
        return this.#chainId === undefined ? this.#chain.rpc(method) : `0x${this.#chainId.toString(16)}`
      case 'wallet_switchEthereumChain':
        if (!this.#knowsChain) throw fault(4902, 'Unrecognized chain ID.')
        this.#chainId = undefined
        return null
      case 'wallet_addEthereumChain': {
        const [{ chainId, rpcUrls }] = params as [{ chainId: string; rpcUrls: string[] }]
        const actual = await this.#chain.rpc<string>('eth_chainId')
        if (chainId !== actual || !rpcUrls.includes(this.#init.chainUrl)) throw fault(-32602, 'This is no such chain.')
        this.#knowsChain = true
        this.#chainId = undefined
        return null
      }
      case 'eth_signTypedData_v4':
        return this.#sign(JSON.parse((params as [string, string])[1]) as TypedData)
      case 'eth_sendTransaction':
        return this.#send((params as [Transaction])[0])
      default:
        return this.#chain.rpc(method, params)
    }
  }

  #sign({ domain, types, message }: TypedData): Promise<string> {
    const { EIP712Domain: _, ...own } = types
    return this.#wallet.signTypedData(domain, own, message)
  }

  async #send({ to, data, gas }: Transaction): Promise<unknown> {
    const [nonce, price, chainId] = await Promise.all([
      this.#chain.rpc<string>('eth_getTransactionCount', [this.address, 'pending']),
      this.#chain.rpc<string>('eth_gasPrice'),
      this.#chain.rpc<string>('eth_chainId')
    ])
    const fees = { maxFeePerGas: BigInt(price) * 2n, maxPriorityFeePerGas: 1n }
    const rest = { nonce: Number(nonce), chainId: BigInt(chainId), gasLimit: BigInt(gas), type: 2, ...fees }
    return this.#chain.rpc('eth_sendRawTransaction', [await this.#wallet.signTransaction({ to, data, ...rest })])
  }
}

interface TypedData {
  readonly domain: object
  readonly types: Record<string, { name: string; type: string }[]>
  readonly message: Record<string, unknown>
}

interface Transaction {
  readonly to: string
  readonly data: string
  readonly gas: string
}

const fault = (code: number, message: string): Error => Object.assign(new Error(message), { code })

/** Runs inside the page, before its own scripts. */
function announce(): void {
  type Reply = { result?: unknown; error?: { code: number; message: string; data?: unknown } }
  const ask = (globalThis as unknown as { askStandIn(request: object): Promise<Reply> }).askStandIn
  const provider = {
    async request({ method, params }: { method: string; params?: unknown[] }): Promise<unknown> {
      const { result, error } = await ask({ method, params })
      if (error !== undefined) throw Object.assign(new Error(error.message), { code: error.code, data: error.data })
      return result
    },
    on: () => undefined,
    removeListener: () => undefined
  }
  const icon =
    'data:image/svg+xml,<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><circle cx="4" cy="4" r="4" fill="orange"/></svg>'
  const info = Object.freeze({ uuid: crypto.randomUUID(), name: 'Stand-in Wallet', icon, rdns: 'org.example.standin' })
  const detail = Object.freeze({ info, provider })
  const tell = (): boolean => dispatchEvent(new CustomEvent('eip6963:announceProvider', { detail }))
  addEventListener('eip6963:requestProvider', tell)
  tell()
}
