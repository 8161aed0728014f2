import { Interface, Wallet, toQuantity, type Eip1193Provider } from 'ethers'
import {
  TaskStatus,
  ZERO_ADDRESS,
  ZERO_HASH,
  asciiBytes32,
  enigmaAbi,
  keccakTuple,
  taskIdOf,
  termsHash,
  tokenAbi,
  typedDigest,
  type Address,
  type EpochInfo,
  type Hash,
  type Receipt,
  type ScAddr,
  type TaskId,
  type TaskTerms
} from '@enigma/protocol'

const enigma = new Interface(enigmaAbi)
const token = new Interface(tokenAbi)

interface TaskSlots {
  digest: Hash
  sender: Address
  recordBlock: number
  recordTime: number
  status: number
}

interface Log {
  readonly address: string
  readonly topics: readonly string[]
  readonly data: string
  readonly block: number
  readonly blockHash: Hash
  readonly transactionHash: string
}

export const CHAIN_ID = 31337n
export const ENIGMA = '0x5fbdb2315678afecb367f032d93f642f64180aa3' as Address
export const TOKEN = '0xe7f1725e7734ce288f8367e1bb143e90bb3f0512' as Address
export const DEPLOYMENT_BLOCK = `0x${'d0'.repeat(32)}` as Hash

/** A wallet and an Ethereum node in one, which know of one Enigma contract what a test tells them. An EIP-1193 provider. */
export class ScriptedChain implements Eip1193Provider {
  readonly wallet = new Wallet(`0x${'0b'.repeat(32)}`)
  readonly #views: Record<string, (args: readonly unknown[], block: number) => readonly unknown[]>
  readonly #tasks = new Map<string, TaskSlots>()
  readonly #logs: Log[] = []
  readonly #receipts = new Map<string, object>()
  /** Every transaction that was sent, by function. */
  readonly sent: string[] = []
  chainId = CHAIN_ID
  block = 100
  epoch = 7
  info: EpochInfo
  mode = 'simulation'
  balance = 10n ** 12n
  allowance = 0n
  contracts = new Map<string, Hash>()
  /** Heads of every contract, each from a block on. */
  heads: { from: number; head: Hash; count: number }[] = []
  /** Typed data that was signed, by primary type. */
  readonly signed: string[] = []
  operators = new Map<string, Address>()
  /** What the contract says of a worker: its status, stake and enclave. */
  workers = new Map<string, { status: number; stake: bigint; signer: Address }>()
  measurements = new Set<string>()
  principalSigner: Address = ZERO_ADDRESS
  knownBlocks = new Set<string>([DEPLOYMENT_BLOCK])
  /** Runs before each eth_call of a record; may throw `revert(...)`. */
  onDryRun: () => void = () => undefined
  /** Makes transactions revert, with this reason for whoever asks afterwards. */
  onRecord: () => void = () => undefined
  rejects = false
  /** The wallet sends another transaction in place of the one that it announced. */
  replaces = false
  readonly #announced = new Set<string>()
  permits = true
  /** Between two blocks, by their times. */
  blockSeconds = 0
  /** Of the account's next permit. */
  permitNonce = 0n
  #nonce = 0
  /** Blocks of different forks have different hashes. */
  #fork = 0

  constructor(info: EpochInfo) {
    this.info = info
    this.#views = {
      attestationMode: () => [asciiBytes32(this.mode)],
      token: () => [TOKEN],
      taskPeriod: () => [21],
      currentEpoch: () => [this.epoch],
      nextEpochBlock: () => [this.info.startBlock + 60],
      epochInfo: () => [this.info.mix, this.info.root, this.info.total, this.info.startBlock, this.info.generation],
      principal: () => [[this.principalSigner, ZERO_HASH, ZERO_HASH]],
      operatorOf: ([signer]) => [this.operators.get(String(signer).toLowerCase()) ?? ZERO_ADDRESS],
      measurementAllowed: ([value]) => [this.measurements.has(String(value))],
      secretContract: ([scAddr], block) => {
        const { head, count } = this.heads.findLast(one => one.from <= block) ?? { head: ZERO_HASH, count: 0 }
        return [this.contracts.get(String(scAddr)) ?? ZERO_HASH, head, count]
      },
      worker: ([operator]) => {
        const { status, stake, signer } = this.workers.get(String(operator).toLowerCase())!
        return [[operator, status, 0, 1, signer, 0, 1, ZERO_HASH, ZERO_HASH, stake, 0]]
      },
      taskNonce: () => [this.#nonce],
      taskStatus: ([id]) => {
        const slots = this.#tasks.get(String(id))
        return slots === undefined
          ? [ZERO_HASH, ZERO_ADDRESS, 0, 0, 0]
          : [slots.digest, slots.sender, slots.recordBlock, slots.recordTime, slots.status]
      },
      balanceOf: () => [this.balance],
      allowance: () => [this.allowance],
      nonces: () => [this.permitNonce],
      eip712Domain: () => {
        if (!this.permits) throw revert('ERC20InvalidSpender', [ZERO_ADDRESS])
        return ['0x0f', 'Enigma', '1', CHAIN_ID, TOKEN, ZERO_HASH, []]
      }
    }
  }

  get sender(): Address {
    return this.wallet.address.toLowerCase() as Address
  }

  async request({ method, params = [] }: { method: string; params?: readonly unknown[] }): Promise<unknown> {
    const [first] = params as [never]
    switch (method) {
      case 'eth_chainId':
        return toQuantity(this.chainId)
      case 'net_version':
        return this.chainId.toString()
      case 'eth_accounts':
      case 'eth_requestAccounts':
        return [this.wallet.address]
      case 'eth_blockNumber':
        return toQuantity(this.block)
      case 'eth_getBlockByHash':
        return this.knownBlocks.has(first) ? this.#blockJson(1) : null // old ones: those that clients ask for by hash
      case 'eth_getBlockByNumber':
        return this.#blockJson(/^0x/.test(String(first)) ? Number(first) : this.block)
      case 'eth_getBalance':
        return toQuantity(10n ** 18n)
      case 'eth_call':
        return this.#call(first, (params as unknown[])[1])
      case 'eth_signTypedData_v4':
        return this.#sign(JSON.parse((params as [string, string])[1]) as TypedData)
      case 'eth_sendTransaction':
        return this.#send(first)
      case 'eth_getTransactionByHash':
        return this.#announced.has(first) ? this.#transactionJson(first) : null
      case 'eth_getTransactionReceipt':
        return this.#receipts.get(first) ?? null
      case 'eth_getLogs':
        return this.#findLogs(first)
      default:
        throw Object.assign(new Error(`${method} is not known here`), { code: -32601 })
    }
  }

  /** Settles a task as commitReceipt does. A seat's transaction is the same one on every fork. */
  settle(receipt: Receipt, operator: Address): void {
    this.block++
    const digest = typedDigest({ chainId: CHAIN_ID, enigma: ENIGMA }, 'Receipt', receipt)
    const slots = this.#tasks.get(receipt.taskId)!
    slots.digest = digest
    slots.status = receipt.ok ? TaskStatus.ReceiptVerified : TaskStatus.ReceiptFailed
    const { taskId, scAddr, deltaHash, outputHash, gasUsed, reason } = receipt
    const transaction = keccakTuple(['address', 'bytes32'], [operator, digest])
    if (receipt.ok) {
      const values = [taskId, scAddr, operator, deltaHash, outputHash, ZERO_HASH, 1, gasUsed, digest]
      this.#log('ReceiptVerified', values, transaction)
    } else this.#log('ReceiptFailed', [taskId, scAddr, operator, reason, outputHash, gasUsed, digest], transaction)
  }

  /** Another fork: the receipt of a task is in no block of it; with `recordBlock`, its record is in another one. */
  reorganise(taskId: TaskId, recordBlock?: number): void {
    this.#fork++
    const slots = this.#tasks.get(taskId)!
    slots.status = TaskStatus.RecordCreated
    const ofTask = this.#logs.filter(log => log.topics[1] === taskId)
    for (const log of ofTask) {
      if (log.topics[0] !== enigma.getEvent('TaskRecordCreated')!.topicHash)
        this.#logs.splice(this.#logs.indexOf(log), 1)
      else if (recordBlock !== undefined) {
        this.#logs[this.#logs.indexOf(log)] = { ...log, block: recordBlock, blockHash: this.#hashOf(recordBlock) }
      }
    }
    if (recordBlock !== undefined) slots.recordBlock = recordBlock
  }

  /** Another fork, whose blocks from this one on have the same numbers and transactions. */
  replaceBlocks(from: number): void {
    this.#fork++
    for (const [i, log] of this.#logs.entries()) {
      if (log.block >= from) this.#logs[i] = { ...log, blockHash: this.#hashOf(log.block) }
    }
  }

  /** Another fork, which has nothing of a task. @returns what records it there after all, in a block of its own */
  forget(taskId: TaskId): () => void {
    this.#fork++
    const slots = this.#tasks.get(taskId)!
    const ofTask = this.#logs.filter(log => log.topics[1] === taskId)
    const record = ofTask.find(log => log.topics[0] === enigma.getEvent('TaskRecordCreated')!.topicHash)!
    for (const log of ofTask) this.#logs.splice(this.#logs.indexOf(log), 1)
    this.#tasks.delete(taskId)
    return () => {
      this.block++
      this.#tasks.set(taskId, { ...slots, status: TaskStatus.RecordCreated, recordBlock: this.block })
      this.#logs.push({ ...record, block: this.block, blockHash: this.#hashOf(this.block) })
    }
  }

  /** Gives the fee back as returnFeesForTask does. */
  giveBack(taskId: TaskId, amount: bigint): void {
    this.block++
    this.#tasks.get(taskId)!.status = TaskStatus.ReceiptFailedReturn
    this.#log('TaskFeeReturned', [taskId, this.sender, amount])
  }

  /** Any other event, in a block of its own. */
  emit(name: string, values: readonly unknown[]): void {
    this.block++
    this.#log(name, values)
  }

  slots(taskId: TaskId): TaskSlots {
    return this.#tasks.get(taskId)!
  }

  #call({ to, data }: { to: string; data: string }, tag: unknown): string {
    const block = typeof tag === 'string' && tag.startsWith('0x') ? Number(tag) : this.block
    const abi = to.toLowerCase() === TOKEN ? token : enigma
    const parsed = abi.parseTransaction({ data })!
    if (parsed.name.startsWith('create')) {
      this.onDryRun()
      return enigma.encodeFunctionResult(parsed.name, [ZERO_HASH])
    }
    const view = this.#views[parsed.name]
    if (view === undefined) throw new Error(`no answer for ${parsed.name}`)
    return abi.encodeFunctionResult(parsed.name, view([...parsed.args], block))
  }

  async #sign({ domain, types, message }: TypedData): Promise<string> {
    if (this.rejects) throw Object.assign(new Error('User rejected the request.'), { code: 4001 })
    const { EIP712Domain: _, ...rest } = types
    this.signed.push(...Object.keys(rest))
    return this.wallet.signTypedData(domain, rest, message)
  }

  #send({ data }: { data: string }): string {
    if (this.rejects) throw Object.assign(new Error('User rejected the request.'), { code: 4001 })
    const parsed = enigma.parseTransaction({ data }) ?? token.parseTransaction({ data })!
    this.sent.push(parsed.name)
    const announced = keccakTuple(['string', 'uint256'], ['transaction', this.sent.length])
    const transactionHash = this.replaces ? keccakTuple(['string'], [announced]) : announced
    this.block++
    let status = 1
    if (parsed.name === 'approve') this.allowance = parsed.args[1] as bigint
    if (parsed.name.startsWith('create')) {
      try {
        this.onRecord()
        this.#record(parsed.name, [...parsed.args], transactionHash)
      } catch {
        status = 0
      }
    }
    const logs = this.#logs.filter(log => log.transactionHash === transactionHash)
    this.#receipts.set(transactionHash, this.#receiptJson(transactionHash, status, logs))
    this.#announced.add(announced)
    return announced
  }

  #record(name: string, args: readonly unknown[], transactionHash: Hash): void {
    const [target, inputHash, gasLimit, gasPx, epoch] = args as [Hash, Hash, bigint, bigint, bigint]
    const isDeployment = name.startsWith('createDeployment')
    const taskId = taskIdOf(this.sender, this.#nonce++)
    const terms: TaskTerms = {
      kind: isDeployment ? 0 : 1,
      scAddr: (isDeployment ? taskId : target) as string as ScAddr,
      codeHash: isDeployment ? target : this.contracts.get(target)!,
      inputHash,
      gasLimit,
      gasPx,
      epoch: Number(epoch)
    }
    this.#tasks.set(taskId, {
      digest: termsHash(terms),
      sender: this.sender,
      recordBlock: this.block,
      recordTime: 1_700_000_000,
      status: TaskStatus.RecordCreated
    })
    const { kind, scAddr, codeHash } = terms
    this.#log(
      'TaskRecordCreated',
      [taskId, this.sender, scAddr, kind, codeHash, inputHash, gasLimit, gasPx, epoch],
      transactionHash
    )
  }

  #log(name: string, values: readonly unknown[], transactionHash = `0x${'ee'.repeat(32)}`): void {
    const { topics, data } = enigma.encodeEventLog(name, values)
    const at = { block: this.block, blockHash: this.#hashOf(this.block), transactionHash }
    this.#logs.push({ address: ENIGMA, topics: topics as string[], data, ...at })
  }

  #hashOf(block: number): Hash {
    return keccakTuple(['uint256', 'uint256'], [block, this.#fork])
  }

  #findLogs({ topics, fromBlock, toBlock }: LogFilter): object[] {
    const last = toBlock === 'latest' ? this.block : Number(toBlock)
    const fits = (log: Log): boolean =>
      log.block >= Number(fromBlock) &&
      log.block <= last &&
      topics.every((wanted, i) => wanted === null || [wanted].flat().includes(log.topics[i]!))
    return this.#logs.filter(fits).map((log, index) => this.#logJson(log, index))
  }

  #logJson({ address, topics, data, block, blockHash, transactionHash }: Log, index: number): object {
    const at = { blockNumber: toQuantity(block), blockHash, transactionIndex: '0x0' }
    return { address, topics, data, transactionHash, logIndex: toQuantity(index), removed: false, ...at }
  }

  #blockJson(number = this.block): object {
    const zero = { nonce: '0x0000000000000000', difficulty: '0x0', gasLimit: '0x1c9c380', gasUsed: '0x0' }
    const hashes = { hash: ZERO_HASH, parentHash: ZERO_HASH, miner: ZERO_ADDRESS, extraData: '0x', transactions: [] }
    return {
      number: toQuantity(number),
      timestamp: toQuantity(1_700_000_000 + number * this.blockSeconds),
      ...zero,
      ...hashes
    }
  }

  #receiptJson(transactionHash: string, status: number, logs: Log[]): object {
    const at = { blockNumber: toQuantity(this.block), blockHash: ZERO_HASH, transactionIndex: '0x0', transactionHash }
    const gas = { gasUsed: '0x5208', cumulativeGasUsed: '0x5208', effectiveGasPrice: '0x1', type: '0x2' }
    const rest = { logsBloom: `0x${'00'.repeat(256)}`, contractAddress: null, from: this.sender, to: ENIGMA }
    return { ...at, ...gas, ...rest, status: toQuantity(status), logs: logs.map((log, i) => this.#logJson(log, i)) }
  }

  #transactionJson(hash: string): object {
    const signature = { r: `0x${'11'.repeat(32)}`, s: `0x${'11'.repeat(32)}`, v: '0x1b', yParity: '0x0' }
    const at = { blockNumber: toQuantity(this.block), blockHash: ZERO_HASH, transactionIndex: '0x0' }
    const body = { from: this.sender, to: ENIGMA, nonce: '0x0', gas: '0x5208', gasPrice: '0x1', value: '0x0' }
    return { hash, type: '0x0', input: '0x', chainId: toQuantity(CHAIN_ID), ...signature, ...at, ...body }
  }
}

interface LogFilter {
  readonly topics: (string | string[] | null)[]
  readonly fromBlock: string
  readonly toBlock: string
}

interface TypedData {
  readonly domain: Record<string, string>
  readonly types: Record<string, { name: string; type: string }[]>
  readonly message: Record<string, unknown>
}

/** As a node words the revert of an eth_call. */
export function revert(name: string, args: readonly unknown[]): Error {
  const abi = enigma.getError(name) === null ? token : enigma
  return Object.assign(new Error('execution reverted'), { code: 3, data: abi.encodeErrorResult(name, args) })
}
