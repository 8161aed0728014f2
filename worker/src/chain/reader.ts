import type {
  Address,
  Attested,
  EpochInfo,
  Hash,
  ScAddr,
  SeatProof,
  StakeLeaf,
  StakeTree,
  TaskId
} from '@enigma/protocol'

/** What a network is, fixed when its contracts were deployed. Read once at start. */
export interface NetworkFacts {
  readonly chainId: bigint
  readonly enigma: Address
  readonly token: Address
  readonly deploymentBlock: number
  readonly deploymentBlockHash: Hash // keys every cache
  readonly epochSize: number // blocks
  readonly grace: number // blocks
  readonly window: number // blocks of one seat
  readonly minStake: bigint // grains
  readonly proofPeriod: number // blocks
  readonly confirmations: number // CONF: 1 = included
}

/** The newest block whose events are in the index. */
export interface ChainHead {
  readonly number: number
  readonly hash: Hash
  readonly time: number // seconds
}

/** How a task left RecordCreated. */
export interface Settlement {
  readonly block: number
  readonly status: number // TaskStatus
  readonly digest: Hash // of the receipt; 0 for a returned fee
  readonly operator: Address | null // who earned the fee; null for a returned fee
  readonly reason: number
  readonly deltaHash: Hash
  readonly outputHash: Hash
  readonly gasUsed: bigint
}

/** A task as its record stands on chain. `order` rises with (block, position in the block). */
export interface ChainTask {
  readonly taskId: TaskId
  readonly sender: Address
  readonly kind: number
  readonly scAddr: ScAddr
  readonly codeHash: Hash
  readonly inputHash: Hash
  readonly gasLimit: bigint
  readonly gasPx: bigint
  readonly epoch: number
  readonly recordBlock: number
  readonly recordTime: number // seconds
  readonly order: number
  readonly settlement: Settlement | null
}

/** One step of a contract's head: the delta at `index` made it. */
export interface HeadStep {
  readonly index: number
  readonly deltaHash: Hash
  readonly headHash: Hash // after the delta
  readonly block: number
}

/** A deployed secret contract. */
export interface ChainContract {
  readonly scAddr: ScAddr
  readonly codeHash: Hash
  readonly deployedBlock: number
  readonly deltaCount: number
  readonly headHash: Hash
  readonly steps: readonly HeadStep[] // steps[i].index = i
}

/** A registration as its event shows it. `attested.report` is rebuilt from the event and binds `attested.evidence`. */
export interface ChainWorker {
  readonly operator: Address
  readonly staking: Address
  readonly signer: Address
  readonly attested: Attested
  readonly loggedIn: boolean
}

/** What changed in the index. Given after the whole block was applied. */
export type ChainEvent =
  | { readonly type: 'head'; readonly head: ChainHead; readonly more?: boolean } // more: further blocks follow at once
  | { readonly type: 'epoch'; readonly epoch: EpochInfo }
  | { readonly type: 'task-recorded'; readonly task: ChainTask }
  | { readonly type: 'task-settled'; readonly task: ChainTask }
  | { readonly type: 'contract-deployed'; readonly contract: ChainContract }
  | { readonly type: 'delta'; readonly scAddr: ScAddr; readonly step: HeadStep }
  | { readonly type: 'rollback'; readonly to: number } // everything above this block is void; it is told again

/** The chain as this worker has indexed it. Reads are answered from memory, at the indexed head. */
export interface ChainReader {
  readonly facts: NetworkFacts
  head(): ChainHead
  /** A recent or event-bearing block; null if the index does not hold it. */
  block(block: number): ChainHead | null
  blockHash(block: number): Hash | null
  currentEpoch(): EpochInfo | null
  epoch(epoch: number): EpochInfo | null
  /** The stake tree an epoch was drawn from; null for an unknown epoch. Its root was checked against the chain's. */
  stakeTree(epoch: number): StakeTree | null
  /** The G seats of a contract, seat k at position k; empty for an unknown epoch. */
  seats(epoch: number, scAddr: ScAddr): readonly StakeLeaf[]
  seatProof(epoch: number, scAddr: ScAddr, k: number): SeatProof | null
  contract(scAddr: ScAddr): ChainContract | null
  contracts(): Iterable<ChainContract>
  /** keccak256 of the delta at this position of the contract's history; null beyond its head. */
  deltaHash(scAddr: ScAddr, index: number): Hash | null
  task(taskId: TaskId): ChainTask | null
  tasksByInput(inputHash: Hash): readonly ChainTask[]
  /** Tasks still in RecordCreated, in record order. */
  openTasks(): readonly ChainTask[]
  /** The latest registration of an enclave key. */
  workerBySigner(signer: Address): ChainWorker | null
  worker(operator: Address): ChainWorker | null
  /** @returns a function that ends the subscription. Listeners must not throw. */
  subscribe(listener: (event: ChainEvent) => void): () => void
}
