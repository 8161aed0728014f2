import { StakeTree, address, type StakeLeaf } from '@enigma/protocol'
import type { Actor } from './world.ts'
import type { OpenTask } from './tasks.ts'

/** What a worker's account should hold, kept apart from the contract. */
export interface ModelWorker {
  readonly actor: Actor
  stake: bigint
  credit: bigint
  status: 'Unregistered' | 'LoggedOut' | 'LoggedIn'
  logoutBlock: number
  leaf: number | undefined
  /** Its enclave key signed two answers to one question. */
  banned: boolean
}

/** The state that Enigma should be in, written down independently in TypeScript. */
export class Model {
  readonly workers: ModelWorker[]
  readonly open: OpenTask[] = []
  readonly closed = new Map<string, bigint>()
  /** Tasks whose fee went back, for which nobody has paid yet. */
  readonly returned: OpenTask[] = []
  /** Fines that nobody gets. */
  forfeit = 0n
  readonly #leaves: StakeLeaf[] = []
  readonly #free: number[] = []

  constructor(actors: readonly Actor[]) {
    this.workers = actors.map(actor => ({
      actor,
      stake: 0n,
      credit: 0n,
      status: 'Unregistered',
      logoutBlock: 0,
      leaf: undefined,
      banned: false
    }))
  }

  login(worker: ModelWorker): void {
    worker.leaf ??= this.#free.pop() ?? this.#leaves.length
    worker.status = 'LoggedIn'
    this.weigh(worker)
  }

  /** Brings the worker's leaf up to date. */
  weigh(worker: ModelWorker): void {
    if (worker.leaf === undefined) return
    const { operator, enclave } = worker.actor
    const stake = worker.status === 'LoggedIn' ? worker.stake : 0n
    this.#leaves[worker.leaf] = {
      index: worker.leaf,
      operator: address(operator.address),
      signer: enclave.signer,
      stake
    }
  }

  /** Takes a fine; whoever is banned or left with too little is logged out. Grains. */
  slash(worker: ModelWorker, amount: bigint, minStake: bigint, block: number): void {
    worker.stake -= amount
    if (worker.status !== 'LoggedIn') return
    if (worker.banned || worker.stake < minStake) {
      worker.status = 'LoggedOut'
      worker.logoutBlock = block
    }
    this.weigh(worker)
  }

  unregister(worker: ModelWorker): void {
    worker.status = 'Unregistered'
    if (worker.leaf !== undefined) this.#free.push(worker.leaf)
    worker.leaf = undefined
  }

  of(operator: string): ModelWorker {
    return this.workers.find(({ actor }) => actor.operator.address.toLowerCase() === operator.toLowerCase())!
  }

  close(task: OpenTask, status: bigint): void {
    this.open.splice(this.open.indexOf(task), 1)
    this.closed.set(task.taskId, status)
  }

  get tree(): StakeTree {
    return new StakeTree(this.#leaves)
  }

  get stake(): bigint {
    return this.workers.reduce((sum, { stake }) => sum + stake, 0n)
  }

  get credit(): bigint {
    return this.workers.reduce((sum, { credit }) => sum + credit, 0n)
  }

  get escrow(): bigint {
    return this.open.reduce((sum, { terms }) => sum + terms.gasLimit * terms.gasPx, 0n)
  }
}
