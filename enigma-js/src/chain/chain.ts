import type { Interface, Log, Provider, Result, TransactionReceipt } from 'ethers'
import { hash, address, type Address, type EpochInfo, type Hash, type Hex, type ScAddr } from '@enigma/protocol'
import { ClientError, quoted } from '../errors.ts'
import { within } from '../waiting.ts'
import { enigmaInterface, tokenInterface, type EnigmaFunction, type TokenFunction } from './contracts.ts'
import { isRevert } from './revert.ts'

/** No single question to an Ethereum node takes longer. */
const CALL_TIMEOUT_MS = 20_000

export interface CallOptions {
  readonly from?: string
  readonly block?: number | 'latest' | 'pending'
}

export interface PermitDomain {
  readonly name: string
  readonly version: string
}

/** Reads of an Ethereum node, each with a deadline and a coded error. */
export class Chain {
  readonly provider: Provider
  readonly chainId: bigint
  readonly enigma: Address
  #token: Promise<Address> | undefined
  #taskPeriod: Promise<number> | undefined
  #permitDomain: Promise<PermitDomain | null> | undefined

  constructor(provider: Provider, chainId: bigint, enigma: Address) {
    this.provider = provider
    this.chainId = chainId
    this.enigma = enigma
  }

  /** @throws CHAIN_UNREACHABLE. Reverts pass through as they are, for the caller to read. */
  async ask<T>(what: string, question: () => Promise<T>): Promise<T> {
    const unreachable = (cause?: unknown): ClientError =>
      new ClientError(
        { code: 'CHAIN_UNREACHABLE', what },
        `The Ethereum node did not answer (${what})${cause === undefined ? '.' : `: ${quoted(cause)}`}`,
        { cause }
      )
    try {
      return await within(question(), CALL_TIMEOUT_MS, unreachable)
    } catch (error) {
      if (error instanceof ClientError || isRevert(error)) throw error
      throw unreachable(error)
    }
  }

  /** An eth_call of Enigma. Reverts are thrown as the node words them; read them with `revertOf`. */
  async read(name: EnigmaFunction, args: readonly unknown[] = [], options: CallOptions = {}): Promise<Result> {
    return this.#call(this.enigma, enigmaInterface, name, args, options)
  }

  async readToken(name: TokenFunction, args: readonly unknown[] = [], options: CallOptions = {}): Promise<Result> {
    return this.#call(await this.token(), tokenInterface, name, args, options)
  }

  async #call(
    to: Address,
    abi: Interface,
    name: string,
    args: readonly unknown[],
    { from, block = 'latest' }: CallOptions
  ): Promise<Result> {
    const data = abi.encodeFunctionData(name, args)
    const answer = await this.ask(name, () => this.provider.call({ to, data, from: from ?? null, blockTag: block }))
    return abi.decodeFunctionResult(name, answer)
  }

  token(): Promise<Address> {
    this.#token ??= this.read('token').then(([found]) => address(found as string))
    this.#token.catch(() => (this.#token = undefined))
    return this.#token
  }

  /** What permits of the token are signed for; null for a token without permits. */
  permitDomain(): Promise<PermitDomain | null> {
    this.#permitDomain ??= this.readToken('eip712Domain').then(
      ([, name, version]) => ({ name: name as string, version: version as string }),
      (error: unknown) => {
        if (isRevert(error)) return null
        throw error
      }
    )
    this.#permitDomain.catch(() => (this.#permitDomain = undefined))
    return this.#permitDomain
  }

  /** Blocks from a task's record to its deadline (G*W). */
  taskPeriod(): Promise<number> {
    this.#taskPeriod ??= this.read('taskPeriod').then(([blocks]) => Number(blocks))
    this.#taskPeriod.catch(() => (this.#taskPeriod = undefined))
    return this.#taskPeriod
  }

  async currentEpoch(): Promise<number> {
    return Number((await this.read('currentEpoch'))[0])
  }

  async nextEpochBlock(): Promise<number> {
    return Number((await this.read('nextEpochBlock'))[0])
  }

  async epochInfo(epoch: number): Promise<EpochInfo> {
    const [mix, root, total, startBlock, generation] = await this.read('epochInfo', [epoch])
    return {
      epoch,
      mix: hash(mix as string),
      root: hash(root as string),
      total: total as bigint,
      startBlock: Number(startBlock),
      generation: Number(generation)
    }
  }

  async principalSigner(): Promise<Address> {
    const [principal] = await this.read('principal')
    return address((principal as Result)[0] as string)
  }

  async operatorOf(signer: Address): Promise<Address> {
    return address((await this.read('operatorOf', [signer]))[0] as string)
  }

  async measurementAllowed(measurement: Hash): Promise<boolean> {
    return (await this.read('measurementAllowed', [measurement]))[0] as boolean
  }

  /** 0 for a contract that does not exist. */
  async codeHash(scAddr: ScAddr): Promise<Hash> {
    return hash((await this.read('secretContract', [scAddr]))[0] as string)
  }

  async taskNonce(sender: string): Promise<number> {
    return Number((await this.read('taskNonce', [sender], { block: 'pending' }))[0])
  }

  /** The head and its time, seconds since 1970. */
  async latestBlock(): Promise<{ readonly block: number; readonly timeSeconds: number }> {
    const latest = await this.ask('latest block', () => this.provider.getBlock('latest'))
    return { block: latest?.number ?? 0, timeSeconds: latest?.timestamp ?? 0 }
  }

  /** Time of a block, seconds since 1970; 0 if there is none. */
  async timeOf(block: number): Promise<number> {
    return (await this.ask('block time', () => this.provider.getBlock(block)))?.timestamp ?? 0
  }

  blockNumber(): Promise<number> {
    return this.ask('block number', () => this.provider.getBlockNumber())
  }

  /** Events of Enigma with these topics, from a block on, oldest first. */
  async logs(
    topics: (string | string[] | null)[],
    fromBlock: number,
    toBlock: number | 'latest' = 'latest'
  ): Promise<Log[]> {
    const filter = { address: this.enigma, topics, fromBlock, toBlock }
    const found = await this.ask('events', () => this.provider.getLogs(filter))
    return found.filter(log => address(log.address) === this.enigma)
  }

  /** The number of a block; 0 if the chain does not know it. */
  async blockOf(blockHash: Hash): Promise<number> {
    return (await this.ask('block', () => this.provider.getBlock(blockHash)))?.number ?? 0
  }

  receipt(transactionHash: Hex): Promise<TransactionReceipt | null> {
    return this.ask('transaction receipt', () => this.provider.getTransactionReceipt(transactionHash))
  }

  /** Whether the chain has a block with this hash. */
  async knowsBlock(blockHash: Hash): Promise<boolean> {
    return (await this.ask('block', () => this.provider.getBlock(blockHash))) !== null
  }
}
