import {
  StakeTree,
  TaskStatus,
  ZERO_HASH,
  addressOfPrivateKey,
  keccak256,
  nextHead,
  utf8,
  type Address,
  type Attested,
  type EpochInfo,
  type Hash,
  type Key32,
  type ScAddr,
  type SeatProof,
  type StakeLeaf,
  type TaskId
} from '@enigma/protocol'
import type {
  ChainContract,
  ChainEvent,
  ChainHead,
  ChainReader,
  ChainTask,
  ChainWorker,
  HeadStep,
  NetworkFacts,
  Settlement
} from '../src/chain/reader.ts'

export const hashOf = (text: string): Hash => keccak256(utf8(text))
export const asScAddr = (text: string): ScAddr => hashOf(text) as string as ScAddr
export const asTaskId = (text: string): TaskId => hashOf(text) as string as TaskId

/** A private key from a name, so that tests can be read. */
export const keyOf = (name: string): Uint8Array => Buffer.from(hashOf(`key of ${name}`).slice(2), 'hex')
export const addressOf = (name: string): Address => addressOfPrivateKey(keyOf(name))

export const CHAIN_FACTS: NetworkFacts = {
  chainId: 31337n,
  enigma: addressOf('enigma'),
  token: addressOf('token'),
  deploymentBlock: 1,
  deploymentBlockHash: hashOf('deployment block'),
  epochSize: 60,
  grace: 30,
  window: 7,
  minStake: 25_000n * 10n ** 8n,
  proofPeriod: 30,
  confirmations: 1
}

const settlementOf = (block: number, settlement: Partial<Settlement>): Settlement => ({
  block,
  status: TaskStatus.ReceiptVerified,
  digest: ZERO_HASH,
  operator: null,
  reason: 0,
  deltaHash: ZERO_HASH,
  outputHash: ZERO_HASH,
  gasUsed: 1n,
  ...settlement
})

/** A chain in memory: what the test says is what it holds. Every change is told to the subscribers like a block's. */
export class MemoryChain implements ChainReader {
  readonly facts: NetworkFacts
  readonly #listeners = new Set<(event: ChainEvent) => void>()
  readonly #workers = new Map<Address, ChainWorker>()
  readonly #contracts = new Map<ScAddr, ChainContract>()
  readonly #tasks = new Map<TaskId, ChainTask>()
  readonly #epochs = new Map<number, { info: EpochInfo; tree: StakeTree }>()
  #current = 0
  /** First blocks of the forks that a reorg began, the newest last. */
  readonly #forks: number[] = []
  #head: ChainHead = { number: 100, hash: hashOf('block 100'), time: 1_700_000_000 }

  constructor(facts: Partial<NetworkFacts> = {}) {
    this.facts = { ...CHAIN_FACTS, ...facts }
  }

  head = (): ChainHead => this.#head
  block = (number: number): ChainHead | null =>
    number <= this.#head.number
      ? { number, hash: this.#hashOf(number), time: this.#head.time - (this.#head.number - number) }
      : null
  blockHash = (number: number): Hash | null => this.block(number)?.hash ?? null
  openTasks = (): readonly ChainTask[] => [...this.#tasks.values()].filter(task => task.settlement === null)
  currentEpoch = (): EpochInfo | null => this.epoch(this.#current)
  epoch = (epoch: number): EpochInfo | null => this.#epochs.get(epoch)?.info ?? null
  stakeTree = (epoch: number): StakeTree | null => this.#epochs.get(epoch)?.tree ?? null
  contract = (scAddr: ScAddr): ChainContract | null => this.#contracts.get(scAddr) ?? null
  contracts = (): Iterable<ChainContract> => this.#contracts.values()
  deltaHash = (scAddr: ScAddr, index: number): Hash | null =>
    this.#contracts.get(scAddr)?.steps[index]?.deltaHash ?? null
  task = (taskId: TaskId): ChainTask | null => this.#tasks.get(taskId) ?? null
  tasksByInput = (inputHash: Hash): readonly ChainTask[] =>
    [...this.#tasks.values()].filter(task => task.inputHash === inputHash)
  worker = (operator: Address): ChainWorker | null => this.#workers.get(operator) ?? null
  workerBySigner = (signer: Address): ChainWorker | null =>
    [...this.#workers.values()].find(worker => worker.signer === signer) ?? null

  seats(epoch: number, scAddr: ScAddr): readonly StakeLeaf[] {
    const held = this.#epochs.get(epoch)
    return held ? held.tree.seats(held.info.mix, scAddr) : []
  }
  seatProof(epoch: number, scAddr: ScAddr, k: number): SeatProof | null {
    const leaf = this.seats(epoch, scAddr)[k]
    return leaf ? this.#epochs.get(epoch)!.tree.prove(leaf.index) : null
  }
  subscribe(listener: (event: ChainEvent) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  #tell(event: ChainEvent): void {
    for (const listener of [...this.#listeners]) listener(event)
  }

  mine(blocks = 1): number {
    const number = this.#head.number + blocks
    this.#head = { number, hash: this.#hashOf(number), time: this.#head.time + blocks }
    this.#tell({ type: 'head', head: this.#head })
    return number
  }

  /** Registers `name`'s operator with the enclave key of `enclave`. */
  register(name: string, enclave = `${name} enclave`): ChainWorker {
    const attested: Attested = {
      report: {
        signer: addressOf(enclave),
        transportKey: hashOf(`transport of ${enclave}`) as string as Key32,
        operator: addressOf(name),
        chainId: this.facts.chainId,
        enigma: this.facts.enigma,
        principalSigner: addressOf('principal enclave'),
        nonce: 0
      },
      evidence: utf8(`evidence of ${enclave}`)
    }
    const worker: ChainWorker = {
      operator: addressOf(name),
      staking: addressOf(`${name} staking`),
      signer: addressOf(enclave),
      attested,
      loggedIn: true
    }
    this.#workers.set(worker.operator, worker)
    this.mine()
    return worker
  }
  unregister(name: string): void {
    this.#workers.delete(addressOf(name))
    this.mine()
  }

  /** Begins the next epoch over these workers (default: all) with equal stakes. */
  startEpoch(names?: readonly string[], mix: Hash = hashOf(`mix ${this.#current + 1}`)): EpochInfo {
    const workers = [...this.#workers.values()].filter(w => !names || names.some(n => addressOf(n) === w.operator))
    const tree = new StakeTree(
      workers.map(({ operator, signer }, index) => ({ index, operator, signer, stake: this.facts.minStake }))
    )
    this.#current += 1
    const info: EpochInfo = {
      epoch: this.#current,
      mix,
      root: tree.root.hash,
      total: tree.root.sum,
      startBlock: this.mine(),
      generation: 0
    }
    this.#epochs.set(this.#current, { info, tree })
    this.#tell({ type: 'epoch', epoch: info })
    return info
  }

  record(task: Pick<ChainTask, 'taskId' | 'scAddr' | 'inputHash'> & Partial<ChainTask>): ChainTask {
    const block = this.mine()
    const full: ChainTask = {
      sender: addressOf('user'),
      kind: 1,
      codeHash: ZERO_HASH,
      gasLimit: 1_000_000n,
      gasPx: 1n,
      epoch: this.#current,
      recordBlock: block,
      recordTime: this.#head.time,
      order: block * 1000,
      settlement: null,
      ...task
    }
    this.#tasks.set(full.taskId, full)
    this.#tell({ type: 'task-recorded', task: full })
    return full
  }

  settle(taskId: TaskId, settlement: Partial<Settlement>): ChainTask {
    const task: ChainTask = {
      ...this.#tasks.get(taskId)!,
      settlement: settlementOf(this.mine(), settlement)
    }
    this.#tasks.set(taskId, task)
    this.#tell({ type: 'task-settled', task })
    return task
  }

  #hashOf(number: number): Hash {
    const fork = this.#forks.findLastIndex(first => number >= first)
    return hashOf(fork === -1 ? `block ${number}` : `block ${number} of fork ${fork}`)
  }

  /** A reorg took the record away. */
  forget(taskId: TaskId): void {
    this.#tasks.delete(taskId)
  }

  /** A reorg: all above a block is void, and what is mined from now on is another chain. */
  rollback(to: number): void {
    for (const [taskId, task] of this.#tasks) {
      if (task.recordBlock > to) this.#tasks.delete(taskId)
      else if (task.settlement && task.settlement.block > to) this.#tasks.set(taskId, { ...task, settlement: null })
    }
    for (const [scAddr, contract] of this.#contracts) {
      const steps = contract.steps.filter(step => step.block <= to)
      const headHash = steps.at(-1)?.headHash ?? ZERO_HASH
      if (contract.deployedBlock > to) this.#contracts.delete(scAddr)
      else this.#contracts.set(scAddr, { ...contract, steps, deltaCount: steps.length, headHash })
    }
    for (const [epoch, { info }] of this.#epochs) if (info.startBlock > to) this.#epochs.delete(epoch)
    this.#current = Math.max(0, ...this.#epochs.keys())
    this.#forks.push(to + 1)
    this.#head = { number: to, hash: this.#hashOf(to), time: this.#head.time - (this.#head.number - to) }
    this.#tell({ type: 'rollback', to })
  }

  /** A block with the receipt of a task: it settles the task and moves the contract's head, at once. */
  include(taskId: TaskId, { deltaHash, ...settlement }: Partial<Settlement> & { deltaHash: Hash }): void {
    const number = this.#head.number + 1
    this.#head = { number, hash: this.#hashOf(number), time: this.#head.time + 1 }
    const task = { ...this.#tasks.get(taskId)!, settlement: settlementOf(number, { deltaHash, ...settlement }) }
    this.#tasks.set(taskId, task)
    const step = deltaHash === ZERO_HASH ? null : this.#advance(task.scAddr, deltaHash, number)
    if (step) this.#tell({ type: 'delta', scAddr: task.scAddr, step })
    this.#tell({ type: 'task-settled', task })
    this.#tell({ type: 'head', head: this.#head })
  }

  /** Brings a contract into being; its deltas follow by `append`. */
  deploy(scAddr: ScAddr, codeHash: Hash): ChainContract {
    const contract: ChainContract = {
      scAddr,
      codeHash,
      deployedBlock: this.mine(),
      deltaCount: 0,
      headHash: ZERO_HASH,
      steps: []
    }
    this.#contracts.set(scAddr, contract)
    this.#tell({ type: 'contract-deployed', contract })
    return contract
  }

  append(scAddr: ScAddr, deltaHash: Hash): HeadStep {
    const step = this.#advance(scAddr, deltaHash, this.mine())
    this.#tell({ type: 'delta', scAddr, step })
    return step
  }

  #advance(scAddr: ScAddr, deltaHash: Hash, block: number): HeadStep {
    const contract = this.#contracts.get(scAddr)!
    const headHash = nextHead(contract.headHash, deltaHash)
    const step: HeadStep = { index: contract.deltaCount, deltaHash, headHash, block }
    const steps = [...contract.steps, step]
    this.#contracts.set(scAddr, { ...contract, deltaCount: step.index + 1, headHash, steps })
    return step
  }
}
