import { devAccount, enclaveMeasurement } from '@enigma/devnet'
import {
  SIM_ROOT_INSECURE_ADDRESS,
  StakeTree,
  TEE_SIM,
  ZERO_ADDRESS,
  ZERO_HASH,
  addressOfPrivateKey,
  asciiBytes32,
  enigmaAbi,
  epochSeedOf,
  fromHex,
  keccak256,
  makeSimEvidence,
  mixOf,
  reportDataOf,
  seedCommitOf,
  signDigest,
  tokenAbi,
  toHex,
  typedDigest,
  utf8,
  type Address,
  type Domain,
  type Hash,
  type Key32,
  type Receipt
} from '@enigma/protocol'
import { Interface, JsonRpcProvider, Wallet } from 'ethers'
import { ENG, deployEnigma } from '../../contracts/deploy/index.ts'
import { ChainCalls } from './chain-calls.ts'
import type { PlannedTask } from './contents.ts'

/** A network as its contract tells of it. */
export interface History {
  readonly enigma: Address
  readonly blocks: number
  readonly tasks: number
}

export interface HistoryInit {
  readonly url: string
  readonly tasks: readonly PlannedTask[]
  readonly tasksPerBlock: number
  /** First second of the chain. */
  readonly since: number
}

export const CHAIN_ID = 31337n
export const BLOCK_SECONDS = 12
const EPOCH_BLOCKS = 200
const GAS_LIMIT = 1_000_000n
const GAS = { record: 400_000, receipt: 400_000, other: 2_000_000 } as const

const ADMIN = 0
const USER = 11
const FOUNDERS = [17, 18, 19] as const
const STAKE = 100_000n * ENG
/** About as many blocks as a history takes, rather too many. */
export const blocksFor = (tasks: number, tasksPerBlock: number): number => {
  const blocks = Math.ceil(tasks / tasksPerBlock)
  return blocks + Math.ceil(blocks / EPOCH_BLOCKS) + 40
}
export const userAddress = (): Address => addressAt(USER)

const addressAt = (account: number): Address => devAccount(account).address.toLowerCase() as Address
const secretOf = (name: string): Uint8Array => fromHex(keccak256(utf8(name)))
const enclaveKey = (founder: number): Uint8Array => secretOf(`enclave of ${founder}`)
const quantity = (value: number | bigint): string => `0x${value.toString(16)}`
type Abi = ConstructorParameters<typeof Interface>[0]

/**
 * Writes the history of a network onto a real chain: contracts deployed, three workers staked and logged in, epochs begun, every task
 * recorded, and settled by a receipt in the next block. What enclaves sign is signed here, by keys of this program with evidence of the
 * simulation's public root; the contract checks every signature, seat and head as ever.
 */
export async function writeHistory({ url, tasks, tasksPerBlock, since }: HistoryInit): Promise<History> {
  const chain = new ChainCalls(url)
  try {
    const author = await Author.found(chain, since)
    for (let from = 0; from < tasks.length; from += tasksPerBlock) {
      await author.next(tasks.slice(from, from + tasksPerBlock))
    }
    await author.next([])
    await author.beginEpoch()
    return { enigma: author.enigma, blocks: await author.finish(tasks.length), tasks: tasks.length }
  } finally {
    chain.close()
  }
}

interface Recorded {
  readonly task: PlannedTask
  readonly epoch: number
  readonly block: number
}

type Call = readonly [method: string, ...params: readonly unknown[]]

class Author {
  readonly enigma: Address
  readonly #chain: ChainCalls
  readonly #abi = new Interface(enigmaAbi as unknown as Abi)
  readonly #domain: Domain
  readonly #root = secretOf('root')
  readonly #principal = secretOf('principal')
  readonly #nonces = new Map<number, number>()
  readonly #trees = new Map<number, { readonly tree: StakeTree; readonly mix: Hash }>()
  #tree = new StakeTree([])
  #epoch = 0
  #calls = 0
  #lastCall = 0
  #block = 0
  #time = 0
  #open: Recorded[] = []
  #mined: Promise<unknown> = Promise.resolve()

  private constructor(chain: ChainCalls, enigma: Address) {
    this.#chain = chain
    this.enigma = enigma
    this.#domain = { chainId: CHAIN_ID, enigma }
  }

  static async found(chain: ChainCalls, since: number): Promise<Author> {
    const measurement = await enclaveMeasurement()
    await chain.call('evm_setAutomine', true)
    const provider = new JsonRpcProvider(chain.url, Number(CHAIN_ID), {
      staticNetwork: true,
      cacheTimeout: -1,
      batchMaxCount: 1,
      pollingInterval: 20
    })
    const { enigma, token } = await deployEnigma(new Wallet(devAccount(ADMIN).privateKey, provider), {
      simulationRoot: SIM_ROOT_INSECURE_ADDRESS,
      measurements: [measurement],
      epochSize: EPOCH_BLOCKS
    })
    const author = new Author(chain, (await enigma.getAddress()).toLowerCase() as Address)
    const tokenAddress = await token.getAddress()
    provider.destroy()
    await author.#populate(tokenAddress, measurement, since)
    return author
  }

  /** Principal, workers with their stakes, the first two calls of setEpoch, and money for the user. */
  async #populate(token: string, measurement: Hash, since: number): Promise<void> {
    await this.#chain.call('evm_setAutomine', false)
    for (const account of [ADMIN, USER, ...FOUNDERS]) {
      this.#nonces.set(account, Number(await this.#chain.call('eth_getTransactionCount', addressAt(account), 'latest')))
    }
    this.#block = Number(await this.#chain.call('eth_blockNumber'))
    this.#time = since
    const money = new Interface(tokenAbi as unknown as Abi)
    const pay = (to: number): Call[] => [
      this.#send(ADMIN, token, money.encodeFunctionData('transfer', [addressAt(to), 1_000_000n * ENG])),
      this.#send(to, token, money.encodeFunctionData('approve', [this.enigma, 1_000_000n * ENG]))
    ]
    await this.#mine([USER, ...FOUNDERS].flatMap(pay))
    const evidence = (signer: Address, transportKey: Key32, operator: number): string =>
      toHex(
        makeSimEvidence({
          tee: TEE_SIM,
          measurement,
          svn: 1,
          debug: true,
          isolation: asciiBytes32('process-only'),
          issuedAt: since,
          expiry: since + 80 * 86_400,
          reportData: reportDataOf({
            signer,
            transportKey,
            operator: addressAt(operator),
            chainId: CHAIN_ID,
            enigma: this.enigma,
            principalSigner: addressOfPrivateKey(this.#principal),
            nonce: 0
          })
        })
      )
    const transport = (name: string): Key32 => keccak256(utf8(`transport ${name}`)) as string as Key32
    const principal = addressOfPrivateKey(this.#principal)
    const key = transport('principal')
    await this.#mine([this.#enigma(ADMIN, 'registerPrincipal', [principal, key, evidence(principal, key, ADMIN)])])
    for (const founder of FOUNDERS) {
      const signer = addressOfPrivateKey(enclaveKey(founder))
      const key = transport(`of ${founder}`)
      await this.#mine([
        this.#enigma(founder, 'register', [addressAt(founder), signer, key, evidence(signer, key, founder)]),
        this.#enigma(founder, 'deposit', [addressAt(founder), STAKE]),
        this.#enigma(founder, 'login', [])
      ])
    }
    this.#tree = new StakeTree(
      FOUNDERS.map((founder, index) => ({
        index,
        operator: addressAt(founder),
        signer: addressOfPrivateKey(enclaveKey(founder)),
        stake: STAKE
      }))
    )
    await this.beginEpoch()
    await this.#mine([])
    await this.beginEpoch()
  }

  /** The next call of setEpoch, in a block of its own; all but the first begin an epoch. */
  async beginEpoch(): Promise<void> {
    const d = this.#calls++
    const seed = this.#seed(d)
    const update = { d, seed: toHex(seed) as Hash, nextCommit: seedCommitOf(this.#seed(d + 1)), generation: 0 }
    const signature = toHex(signDigest(typedDigest(this.#domain, 'EpochUpdate', update), this.#principal))
    if (d > 0) {
      await this.#mined
      const block = await this.#chain.call<{ hash: Hash }>('eth_getBlockByNumber', quantity(this.#lastCall + 1), false)
      this.#epoch += 1
      this.#trees.set(this.#epoch, { tree: this.#tree, mix: mixOf(seed, block.hash) })
    }
    await this.#mine([this.#enigma(ADMIN, 'setEpoch', [d, update.seed, update.nextCommit, 0, signature])])
    this.#lastCall = this.#block
  }

  #seed = (d: number): Uint8Array => epochSeedOf(this.#root, CHAIN_ID, this.enigma, d)

  /** A block with the records of `tasks`, and with the receipts of those that the block before recorded. */
  async next(tasks: readonly PlannedTask[]): Promise<void> {
    if (this.#block >= this.#lastCall + EPOCH_BLOCKS) await this.beginEpoch()
    const receipts = this.#open
    const block = this.#block + 1
    this.#open = tasks.map(task => ({ task, epoch: this.#epoch, block }))
    const calls = this.#open.map(recorded => this.#record(recorded))
    if (receipts.length > 0) {
      const items = receipts.map(recorded => this.#receipt(recorded))
      calls.push(this.#enigma(FOUNDERS[0], 'commitReceipts', [items], GAS.receipt * items.length))
    }
    await this.#mine(calls)
  }

  #record({ task, epoch }: Recorded): Call {
    const { kind, scAddr, codeHash, inputHash } = task
    if (kind !== 0) return this.#enigma(USER, 'createTaskRecord', [scAddr, inputHash, GAS_LIMIT, 1, epoch], GAS.record)
    const nonce = this.#deployments++
    return this.#enigma(
      USER,
      'createDeploymentTaskRecord',
      [codeHash, inputHash, GAS_LIMIT, 1, epoch, nonce],
      GAS.record
    )
  }
  #deployments = 0

  #receipt({ task, epoch, block }: Recorded): unknown {
    const { taskId, scAddr, kind, codeHash, inputHash, prevHead, deltaHash } = task
    const receipt: Receipt = {
      taskId,
      scAddr,
      kind,
      ok: true,
      reason: 0,
      codeHash,
      inputHash,
      gasLimit: GAS_LIMIT,
      epoch,
      recordBlock: block,
      recordTime: this.#timeOf(block),
      prevHead,
      deltaHash,
      outputHash: keccak256(utf8(`output of ${taskId}`)),
      gasUsed: 1_000n,
      callbackTarget: ZERO_ADDRESS,
      callbackDataHash: ZERO_HASH,
      callbackGas: 0
    }
    const { tree, mix } = this.#trees.get(epoch)!
    const { leaf, siblings } = tree.prove(tree.seats(mix, scAddr)[0]!.index)
    const signature = signDigest(typedDigest(this.#domain, 'Receipt', receipt), enclaveKey(FOUNDERS[leaf.index]!))
    return {
      receipt,
      record: { kind, scAddr, codeHash, inputHash, gasLimit: GAS_LIMIT, gasPx: 1, epoch },
      seat: 0,
      proof: {
        index: leaf.index,
        stake: leaf.stake,
        siblingHashes: siblings.map(node => node.hash),
        siblingSums: siblings.map(node => node.sum)
      },
      signature: toHex(signature),
      callbackData: '0x'
    }
  }

  #enigma(account: number, name: string, args: readonly unknown[], gas: number = GAS.other): Call {
    return this.#send(account, this.enigma, this.#abi.encodeFunctionData(name, [...args]), gas)
  }

  #send(account: number, to: string, data: string, gas: number = GAS.other): Call {
    const nonce = this.#nonces.get(account)!
    this.#nonces.set(account, nonce + 1)
    const from = addressAt(account)
    return [
      'eth_sendTransaction',
      { from, to, data, nonce: quantity(nonce), gas: quantity(gas), gasPrice: '0x77359400' }
    ]
  }

  /** A block with these transactions. The next one is prepared while the node makes it. */
  async #mine(calls: readonly Call[]): Promise<void> {
    this.#block += 1
    this.#time += BLOCK_SECONDS
    const time = this.#time
    await this.#mined
    this.#mined = (async () => {
      await this.#chain.all([...calls, ['evm_setNextBlockTimestamp', quantity(time)]])
      await this.#chain.call('evm_mine')
    })()
    this.#mined.catch(() => undefined) // thrown where it is waited for
  }

  #timeOf = (block: number): number => this.#time - (this.#block - block) * BLOCK_SECONDS

  /** A last block, of now: the chain's clock goes on from there. Every task must have been settled. @returns its number */
  async finish(tasks: number): Promise<number> {
    this.#time = Math.max(this.#time, Math.floor(Date.now() / 1000) - BLOCK_SECONDS)
    await this.#mine([])
    await this.#mined
    const head = Number(await this.#chain.call('eth_blockNumber'))
    const topic = this.#abi.getEvent('ReceiptVerified')!.topicHash
    const logs = await this.#chain.call<unknown[]>('eth_getLogs', {
      address: this.enigma,
      topics: [topic],
      fromBlock: '0x0',
      toBlock: 'latest'
    })
    if (head !== this.#block || logs.length !== tasks) {
      throw new Error(`The chain settled ${logs.length} of ${tasks} tasks in ${head} blocks; ${this.#block} were made.`)
    }
    return head
  }
}
