import { StakeTree, TaskStatus, ZERO_HASH, nextHead } from '@enigma/protocol'
import type { Address, Attested, EpochInfo, Hash, Key32, ScAddr, StakeLeaf, TaskId } from '@enigma/protocol'
import type { ChainContract, ChainEvent, ChainTask, ChainWorker, HeadStep } from './reader.ts'
import type { EnigmaEvent } from './events.ts'

/** The principal's registration as its event shows it; who sent it is not in the event. */
export interface RegisteredPrincipal {
  readonly signer: Address
  readonly transportKey: Key32
  readonly evidence: Uint8Array
  readonly block: number
}

export interface EventPosition {
  readonly block: number
  readonly time: number // seconds
  readonly logIndex: number
}

/** Tasks stay open for few epochs; the leaves of older ones are dropped. */
const KEPT_EPOCHS = 64
const KEPT_TREES = 8
const LOGS_PER_BLOCK = 1_000_000

interface Mutable {
  contract: { -readonly [K in keyof ChainContract]: ChainContract[K] } & { steps: HeadStep[] }
}

/**
 * The state of Enigma, as its events tell it. A fold: the same events in the same order give the same state, so an undo
 * is a fold over fewer events. No I/O; grows with the number of tasks (1 kB each at most).
 */
export class Projection {
  readonly #network: { readonly chainId: bigint; readonly enigma: Address }
  readonly #alarm: (code: string, message: string) => void
  readonly #leaves: StakeLeaf[] = []
  #called: { d: number; leaves: readonly StakeLeaf[]; root: Hash; block: number } | null = null
  #lastCall = -1
  readonly #epochs = new Map<number, EpochInfo>()
  readonly #epochLeaves = new Map<number, readonly StakeLeaf[]>()
  readonly #trees = new Map<number, StakeTree | null>()
  #currentEpoch = 0
  readonly #contracts = new Map<ScAddr, Mutable['contract']>()
  readonly #tasks = new Map<TaskId, ChainTask>()
  readonly #open = new Set<TaskId>()
  /** Nearly always one. */
  readonly #byInput = new Map<Hash, TaskId | readonly TaskId[]>()
  /** Contracts, codes, senders and operators: each is named by many events, which write it out every time. */
  readonly #names = new Map<string, string>()
  readonly #workers = new Map<Address, ChainWorker>()
  readonly #bySigner = new Map<Address, ChainWorker>()
  #principal: RegisteredPrincipal | null = null
  #inconsistentAt: number | null = null

  constructor(
    network: { readonly chainId: bigint; readonly enigma: Address },
    alarm: (code: string, message: string) => void = () => undefined
  ) {
    this.#network = network
    this.#alarm = alarm
  }

  get principal(): RegisteredPrincipal | null {
    return this.#principal
  }
  /** The first block whose events cannot follow from those before it: some of them are missing. Null: none. */
  get inconsistentAt(): number | null {
    return this.#inconsistentAt
  }
  /** The d that the next setEpoch must carry, and the block of the call before it. */
  get epochCalls(): { readonly next: number; readonly lastBlock: number } {
    return { next: this.#lastCall + 1, lastBlock: this.#called?.block ?? 0 }
  }
  get loggedInWorkers(): number {
    return this.#leaves.filter(leaf => leaf.stake > 0n).length
  }
  get currentEpoch(): EpochInfo | null {
    return this.#epochs.get(this.#currentEpoch) ?? null
  }
  epoch(epoch: number): EpochInfo | null {
    return this.#epochs.get(epoch) ?? null
  }
  contract(scAddr: ScAddr): ChainContract | null {
    return this.#contracts.get(scAddr) ?? null
  }
  contracts(): Iterable<ChainContract> {
    return this.#contracts.values()
  }
  task(taskId: TaskId): ChainTask | null {
    return this.#tasks.get(taskId) ?? null
  }
  tasks(): Iterable<ChainTask> {
    return this.#tasks.values()
  }
  tasksByInput(inputHash: Hash): readonly ChainTask[] {
    return [this.#byInput.get(inputHash) ?? []].flat().map(id => this.#tasks.get(id)!)
  }
  /** Tasks that are still in RecordCreated, in record order. */
  openTasks(): readonly ChainTask[] {
    return [...this.#open].map(id => this.#tasks.get(id)!).sort((a, b) => a.order - b.order)
  }
  /** The registered ones. */
  workers(): Iterable<ChainWorker> {
    return this.#workers.values()
  }
  worker(operator: Address): ChainWorker | null {
    return this.#workers.get(operator) ?? null
  }
  workerBySigner(signer: Address): ChainWorker | null {
    return this.#bySigner.get(signer) ?? null
  }

  /** Built on first use and checked against the chain's root: with another root there is no work in this epoch. */
  stakeTree(epoch: number): StakeTree | null {
    const built = this.#trees.get(epoch)
    if (built !== undefined) return built
    const info = this.#epochs.get(epoch)
    const leaves = this.#epochLeaves.get(epoch)
    if (!info || !leaves) return null
    let tree: StakeTree | null = new StakeTree(leaves)
    if (tree.root.hash !== info.root || tree.root.sum !== info.total) {
      this.#isInconsistent(
        info.startBlock,
        'STAKE_ROOT_MISMATCH',
        `The stake tree rebuilt for epoch ${epoch} has another root than the chain.`
      )
      tree = null
    }
    this.#trees.set(epoch, tree)
    if (this.#trees.size > KEPT_TREES) this.#trees.delete(this.#trees.keys().next().value!)
    return tree
  }

  #isInconsistent(block: number, code: string, message: string): void {
    this.#inconsistentAt = Math.min(this.#inconsistentAt ?? block, block)
    this.#alarm(code, message)
  }

  #once<T extends string>(name: T): T {
    const known = this.#names.get(name)
    if (known === undefined) this.#names.set(name, name)
    return (known ?? name) as T
  }

  apply(event: EnigmaEvent, at: EventPosition): ChainEvent[] {
    switch (event.type) {
      case 'principal-registered': {
        const { signer, transportKey, evidence } = event
        this.#principal = { signer, transportKey, evidence, block: at.block }
        return []
      }
      case 'worker-registered':
        this.#register(event)
        return []
      case 'logged-in':
        this.#setLoggedIn(event.operator, true)
        return []
      case 'logged-out':
        this.#setLoggedIn(event.operator, false)
        return []
      case 'unregistered':
        this.#workers.delete(event.operator)
        return []
      case 'leaf':
        this.#leaves[event.leaf.index] = event.leaf
        return []
      case 'epoch-called':
        this.#called = { d: event.d, leaves: [...this.#leaves], root: event.root, block: at.block }
        this.#lastCall = event.d
        return []
      case 'epoch-started':
        return this.#startEpoch(event)
      case 'task-recorded':
        return this.#record(event, at)
      case 'fee-returned':
        return this.#settle(event.taskId, {
          block: at.block,
          status: TaskStatus.ReceiptFailedReturn,
          digest: ZERO_HASH,
          operator: null,
          reason: 0,
          deltaHash: ZERO_HASH,
          outputHash: ZERO_HASH,
          gasUsed: 0n
        })
      case 'deployed':
        return this.#deploy(event.scAddr, event.codeHash, at.block)
      case 'verified':
        return [
          ...this.#advanceHead(event, at.block),
          ...this.#settle(event.taskId, {
            block: at.block,
            status: TaskStatus.ReceiptVerified,
            digest: event.digest,
            operator: this.#once(event.operator),
            reason: 0,
            deltaHash: event.deltaHash,
            outputHash: event.outputHash,
            gasUsed: event.gasUsed
          })
        ]
      case 'failed':
        return this.#settle(event.taskId, {
          block: at.block,
          status: event.inCallback ? TaskStatus.ReceiptFailedETH : TaskStatus.ReceiptFailed,
          digest: event.digest,
          operator: this.#once(event.operator),
          reason: event.reason,
          deltaHash: ZERO_HASH,
          outputHash: event.outputHash,
          gasUsed: event.gasUsed
        })
    }
  }

  #register(event: EnigmaEvent & { type: 'worker-registered' }): void {
    const { operator, staking, signer, transportKey, nonce, evidence } = event
    const attested: Attested = {
      report: { signer, transportKey, operator, ...this.#network, principalSigner: this.#principal!.signer, nonce },
      evidence
    }
    const worker: ChainWorker = { operator, staking, signer, attested, loggedIn: false }
    this.#workers.set(operator, worker)
    this.#bySigner.set(signer, worker)
  }

  #setLoggedIn(operator: Address, loggedIn: boolean): void {
    const worker = this.#workers.get(operator)
    if (!worker) return
    const changed = { ...worker, loggedIn }
    this.#workers.set(operator, changed)
    this.#bySigner.set(changed.signer, changed)
  }

  /** Emitted before the EpochCalled of the same call, so `#called` is still the call before: the stakes it drew from. */
  #startEpoch(event: EnigmaEvent & { type: 'epoch-started' }): ChainEvent[] {
    const { epoch, mix, root, total, startBlock, generation } = event
    const info: EpochInfo = { epoch, mix, root, total, startBlock, generation }
    this.#epochs.set(epoch, info)
    this.#currentEpoch = epoch
    if (this.#called) this.#epochLeaves.set(epoch, this.#called.leaves)
    this.#epochLeaves.delete(epoch - KEPT_EPOCHS)
    return [{ type: 'epoch', epoch: info }]
  }

  #record(event: EnigmaEvent & { type: 'task-recorded' }, at: EventPosition): ChainEvent[] {
    const { block: recordBlock, time: recordTime } = at
    const order = recordBlock * LOGS_PER_BLOCK + at.logIndex
    const [sender, scAddr] = [this.#once(event.sender), this.#once(event.scAddr)]
    const codeHash = this.#once(event.codeHash)
    const task = taskOf({ ...event, sender, scAddr, codeHash, recordBlock, recordTime, order, settlement: null })
    this.#tasks.set(task.taskId, task)
    this.#open.add(task.taskId)
    const same = this.#byInput.get(task.inputHash)
    this.#byInput.set(task.inputHash, same === undefined ? task.taskId : [same, task.taskId].flat())
    return [{ type: 'task-recorded', task }]
  }

  #settle(taskId: TaskId, settlement: NonNullable<ChainTask['settlement']>): ChainEvent[] {
    const task = this.#tasks.get(taskId)
    if (!task) {
      this.#isInconsistent(settlement.block, 'CHAIN_INCONSISTENT', `Task ${taskId} was settled without a record.`)
      return []
    }
    const settled = taskOf({ ...task, settlement })
    this.#tasks.set(taskId, settled)
    this.#open.delete(taskId)
    return [{ type: 'task-settled', task: settled }]
  }

  /** SecretContractDeployed comes before its ReceiptVerified, which brings the first delta. */
  #deploy(scAddr: ScAddr, codeHash: Hash, block: number): ChainEvent[] {
    const contract = { scAddr, codeHash, deployedBlock: block, deltaCount: 0, headHash: ZERO_HASH, steps: [] }
    this.#contracts.set(scAddr, contract)
    return [{ type: 'contract-deployed', contract }]
  }

  #advanceHead(event: EnigmaEvent & { type: 'verified' }, block: number): ChainEvent[] {
    const contract = this.#contracts.get(event.scAddr)
    if (!contract) {
      this.#isInconsistent(block, 'CHAIN_INCONSISTENT', `A task ran on ${event.scAddr}, which was never deployed.`)
      return []
    }
    if (event.deltaHash === ZERO_HASH) return []
    const headHash = nextHead(contract.headHash, event.deltaHash)
    if (headHash !== event.headHash || contract.deltaCount + 1 !== event.deltaCount) {
      this.#isInconsistent(block, 'CHAIN_INCONSISTENT', `The head of ${event.scAddr} does not follow from its deltas.`)
    }
    const step: HeadStep = { index: contract.deltaCount, deltaHash: event.deltaHash, headHash, block }
    contract.steps.push(step)
    contract.deltaCount += 1
    contract.headHash = headHash
    return [{ type: 'delta', scAddr: event.scAddr, step }]
  }
}

/** Field by field: an object that is spread together keeps most of its fields in a second one, for as long as it lives. */
const taskOf = (task: ChainTask): ChainTask => ({
  taskId: task.taskId,
  sender: task.sender,
  kind: task.kind,
  scAddr: task.scAddr,
  codeHash: task.codeHash,
  inputHash: task.inputHash,
  gasLimit: task.gasLimit,
  gasPx: task.gasPx,
  epoch: task.epoch,
  recordBlock: task.recordBlock,
  recordTime: task.recordTime,
  order: task.order,
  settlement: task.settlement
})
