import { BrowserProvider, Wallet, type Eip1193Provider, type Provider, type Signer } from 'ethers'
import { address, toHex, type Address } from '@enigma/protocol'
import { ClientError } from '../errors.ts'
import { within } from '../waiting.ts'
import { chainUnreachable, openProvider } from './provider.ts'

/**
 * Who pays and signs: an ethers Signer, a private key with the address of an Ethereum node, or an EIP-1193 wallet. An address alone only
 * watches. `chainUrl` may be several endpoints of one chain with commas between, the preferred one first.
 */
export type AccountOptions =
  | { readonly signer: Signer }
  | { readonly privateKey: string | Uint8Array; readonly chainUrl: string }
  | { readonly provider: Eip1193Provider }
  | { readonly chainUrl: string }

export interface Account {
  readonly signer: Signer | null // null: may only watch
  readonly provider: Provider
  readonly address: Address | null
  readonly chainId: bigint
  /** True when no person is asked before a signature, so that the client may sign again by itself. */
  readonly holdsKey: boolean
  /** Ends what was opened here. */
  close(): void
}

const REQUEST_TIMEOUT_MS = 15_000
/** A person may have to find and unlock the wallet. */
const WALLET_TIMEOUT_MS = 300_000

interface GivenOptions {
  readonly signer?: Signer
  readonly provider?: Eip1193Provider
  readonly privateKey?: string | Uint8Array
  readonly chainUrl?: string
}

/** @throws CHAIN_UNREACHABLE, CLIENT_SETTING */
export async function openAccount(options: AccountOptions): Promise<Account> {
  const given: GivenOptions = options
  if (given.signer !== undefined) return fromSigner(given.signer)
  if (given.provider !== undefined) return fromWallet(given.provider)
  if (given.chainUrl === undefined) {
    throw new ClientError(
      { code: 'CLIENT_SETTING', what: 'account' },
      'The client needs a signer, a wallet provider, or the address of an Ethereum node (chainUrl).'
    )
  }
  return given.privateKey === undefined ? watcher(given.chainUrl) : fromKey(given.privateKey, given.chainUrl)
}

/** An account that can sign. */
export type Payer = Account & { readonly signer: Signer; readonly address: Address }

/** @throws CLIENT_SETTING for a client that may only watch. */
export function requirePayer(account: Account): Payer {
  const { signer, address: payer } = account
  if (signer !== null && payer !== null) return { ...account, signer, address: payer }
  throw new ClientError(
    { code: 'CLIENT_SETTING', what: 'signer' },
    'This client has no account, so it cannot pay or sign.',
    { hint: 'Give createEnigmaClient a signer, a privateKey or a wallet provider.' }
  )
}

async function watcher(chainUrl: string): Promise<Account> {
  const provider = await openProvider(chainUrl)
  const { chainId } = await provider.getNetwork()
  return { signer: null, provider, address: null, chainId, holdsKey: false, close: () => provider.destroy() }
}

async function fromKey(privateKey: string | Uint8Array, chainUrl: string): Promise<Account> {
  const provider = await openProvider(chainUrl)
  let wallet: Wallet
  try {
    wallet = new Wallet(typeof privateKey === 'string' ? privateKey : toHex(privateKey), provider)
  } catch {
    provider.destroy()
    // without the cause: it could quote the key
    throw new ClientError(
      { code: 'CLIENT_SETTING', what: 'privateKey' },
      'The private key is not 32 bytes of hexadecimal.'
    )
  }
  const { chainId } = await provider.getNetwork()
  return {
    signer: wallet,
    provider,
    address: address(wallet.address),
    chainId,
    holdsKey: true,
    close: () => provider.destroy()
  }
}

async function fromSigner(signer: Signer): Promise<Account> {
  const { provider } = signer
  if (provider === null) {
    throw new ClientError(
      { code: 'CLIENT_SETTING', what: 'signer' },
      'The signer has no provider, so there is no chain to speak to.',
      { hint: 'Use signer.connect(provider).' }
    )
  }
  const { chainId } = await within(provider.getNetwork(), REQUEST_TIMEOUT_MS, () =>
    chainUnreachable('the provider of the signer')
  )
  // A wallet of ethers, alone or inside a NonceManager; a JsonRpcSigner asks somebody else.
  const inner = (signer as { signer?: unknown }).signer ?? signer
  return {
    signer,
    provider,
    address: address(await signer.getAddress()),
    chainId,
    holdsKey: typeof inner === 'object' && inner !== null && 'signingKey' in inner,
    close: () => undefined
  }
}

async function fromWallet(wallet: Eip1193Provider): Promise<Account> {
  const provider = new BrowserProvider(wallet, 'any', { cacheTimeout: -1, pollingInterval: 500 })
  const open = async (): Promise<Account> => {
    const signer = await provider.getSigner()
    const { chainId } = await provider.getNetwork()
    return {
      signer,
      provider,
      address: address(signer.address),
      chainId,
      holdsKey: false,
      close: () => provider.destroy()
    }
  }
  try {
    return await within(open(), WALLET_TIMEOUT_MS, () => chainUnreachable('the wallet'))
  } catch (error) {
    provider.destroy()
    throw error
  }
}
