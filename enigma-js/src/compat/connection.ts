import type { Eip1193Provider } from 'ethers'
import type { AccountOptions } from '../account/account.ts'
import { openSession, type ClientOptions, type OpenedSession } from '../client.ts'
import type { NetworkOptions } from '../connect.ts'
import { ClientError } from '../errors.ts'
import { defaultStorage, type ClientStorage } from '../storage/storage.ts'
import { defaultRetry, type RetryConfig } from './results.ts'

/** A web3 instance, an EIP-1193 provider, an ethers signer, or what `createEnigmaClient` takes. */
export type LegacyProvider =
  | { readonly currentProvider: Eip1193Provider }
  | Eip1193Provider
  | Extract<AccountOptions, { signer: unknown }>['signer']
  | AccountOptions

export interface LegacyConfig {
  readonly retry?: Partial<RetryConfig>
  /** The kind of evidence to accept. Only simulated enclaves exist; the first connection says so. */
  readonly mode?: NetworkOptions['mode']
  readonly storage?: ClientStorage
  readonly timeouts?: ClientOptions['timeouts']
  readonly onNotice?: (sentence: string) => void
}

/** Gas settings of the original. The sender is the account of the provider; gas is computed. */
export interface TxDefaults {
  readonly from?: string
  readonly gas?: number | string
  readonly gasPrice?: number | string
}

/** One network as the classes of the original see it: opened at the first use, so that a constructor need not wait. */
export class Connection {
  readonly retry: RetryConfig
  readonly storage: ClientStorage
  readonly #options: ClientOptions
  readonly #token: string
  #opened: Promise<OpenedSession> | undefined

  constructor(
    provider: LegacyProvider,
    enigma: string,
    token: string,
    rpc: string | readonly string[],
    config: LegacyConfig
  ) {
    const { mode = 'simulation', storage = defaultStorage(), timeouts, onNotice } = config
    this.retry = { ...defaultRetry, ...config.retry }
    this.storage = storage
    this.#token = token
    this.#options = { ...accountOf(provider), network: { enigma, rpc, mode }, storage, timeouts, onNotice }
  }

  /** @throws CHAIN_FOREIGN if the token is another one, and what `createEnigmaClient` throws. */
  open(): Promise<OpenedSession> {
    this.#opened ??= this.#open()
    this.#opened.catch(() => (this.#opened = undefined)) // a node that was away may be back at the next call
    return this.#opened
  }

  async #open(): Promise<OpenedSession> {
    const opened = await openSession(this.#options)
    const { chain, account } = opened.session
    const token = await chain.token()
    if (token === this.#token.toLowerCase()) return opened
    account.close()
    throw new ClientError(
      { code: 'CHAIN_FOREIGN', what: 'token' },
      `The Enigma contract is paid in ${token}, not in ${this.#token}.`,
      { hint: 'The two addresses are of different networks, or in the wrong order.' }
    )
  }
}

function accountOf(provider: LegacyProvider): AccountOptions {
  if ('currentProvider' in provider) return { provider: provider.currentProvider }
  if ('request' in provider) return { provider }
  if ('signTypedData' in provider) return { signer: provider }
  return provider
}
