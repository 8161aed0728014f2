import { Interface, Wallet } from 'ethers'
import type { DevAccount, Devnet } from '@enigma/devnet'
import {
  TaskKind,
  ZERO_HASH,
  enigmaAbi,
  sealTaskInput,
  toHex,
  tokenAbi,
  type Address,
  type Hash,
  type Key32,
  type ScAddr
} from '@enigma/protocol'
import { callWorker } from 'enigma-js'
import { chainCall } from './chain.ts'

/** A task of the load: its input is with its seats, its record is not on chain. */
export interface Prepared {
  readonly scAddr: ScAddr
  readonly inputHash: Hash
  readonly epoch: number
}

const enigma = new Interface(enigmaAbi as unknown as ConstructorParameters<typeof Interface>[0])
const token = new Interface(tokenAbi as unknown as ConstructorParameters<typeof Interface>[0])
const GAS_LIMIT = 10_000_000n
const MAX_RECORDS = 64

/** One account that sends tasks without the client library, so that the load costs this machine as little as may be. */
export class Load {
  readonly #devnet: Devnet
  readonly #wallet: Wallet
  readonly #keys = new Map<string, { readonly signer: Address; readonly key: Key32 }[]>()
  #nonce = 0

  constructor(devnet: Devnet, { privateKey }: DevAccount) {
    this.#devnet = devnet
    this.#wallet = new Wallet(privateKey)
  }

  /** Allows Enigma to take any fee. */
  async start(): Promise<void> {
    const { chainUrl, enigma: spender, token: to } = this.#devnet
    this.#nonce = Number(await chainCall(chainUrl, 'eth_getTransactionCount', [this.#wallet.address, 'latest']))
    await this.#send(to, token.encodeFunctionData('approve', [spender, 2n ** 255n]), 100_000n)
  }

  /** Encrypts call data for the contract's seats, and has it stored by them (R4). At most 64 may wait for their records. */
  async prepare(scAddr: ScAddr, epoch: number, callData: Uint8Array, entry: string): Promise<Prepared> {
    const target = {
      chainId: BigInt(this.#devnet.chainId),
      enigma: this.#devnet.enigma.toLowerCase() as Address,
      kind: TaskKind.compute,
      scAddr,
      codeHash: ZERO_HASH,
      sender: this.#wallet.address.toLowerCase() as Address,
      epoch
    }
    const seats = await this.#seats(scAddr, epoch, entry)
    const { envelope, inputHash } = sealTaskInput(target, seats, { trace: false, callData })
    await callWorker(entry, 'sendTaskInput', { envelope: toHex(envelope) })
    return { scAddr, inputHash, epoch }
  }

  async #seats(scAddr: ScAddr, epoch: number, entry: string): Promise<{ signer: Address; key: Key32 }[]> {
    const id = `${scAddr}/${epoch}`
    const known = this.#keys.get(id)
    if (known) return known
    const { seats } = await callWorker(entry, 'getWorkerEncryptionKey', { scAddr, epoch })
    const found = new Map(
      seats.flatMap(({ signer, encKey }) => (encKey === undefined ? [] : [[signer, encKey] as const]))
    )
    const list = [...found].map(([signer, key]) => ({ signer, key }))
    this.#keys.set(id, list)
    return list
  }

  /** Records tasks, one by `createTaskRecord`, several by `createTaskRecords`, 64 in a transaction. */
  async record(tasks: readonly Prepared[]): Promise<void> {
    for (let from = 0; from < tasks.length; from += MAX_RECORDS) {
      const requests = tasks
        .slice(from, from + MAX_RECORDS)
        .map(({ scAddr, inputHash, epoch }) => ({ scAddr, inputHash, gasLimit: GAS_LIMIT, gasPx: 1n, epoch }))
      const [one] = requests
      const data =
        requests.length === 1
          ? enigma.encodeFunctionData('createTaskRecord', Object.values(one!))
          : enigma.encodeFunctionData('createTaskRecords', [requests])
      await this.#send(this.#devnet.enigma, data, 120_000n + 130_000n * BigInt(requests.length))
    }
  }

  async #send(to: string, data: string, gasLimit: bigint): Promise<void> {
    const raw = await this.#wallet.signTransaction({
      type: 2,
      chainId: this.#devnet.chainId,
      nonce: this.#nonce++,
      to,
      data,
      gasLimit,
      maxFeePerGas: 10_000_000_000n,
      maxPriorityFeePerGas: 1_000_000_000n
    })
    await chainCall(this.#devnet.chainUrl, 'eth_sendRawTransaction', [raw])
  }
}
