import { hash, type Address, type Hash, type Hex, type ScAddr, type TaskId } from '@enigma/protocol'
import type { ClientStorage } from '../storage/storage.ts'

/** Everything needed to go on with a task after a reload. Written before its transaction is sent (R4). */
export interface StoredTask {
  readonly inputHash: Hash
  /** The content key: opens the answer. */
  readonly cek: Hex
  /** As delivered; null once the task is over. */
  readonly envelope: Hex | null
  /** The last bytes of the envelope, to show what everybody but the seats saw; and its length. Absent in older entries. */
  readonly ciphertextSample?: Hex
  readonly envelopeBytes?: number
  /** Whether a trace was asked for; absent in older entries. */
  readonly trace?: boolean
  readonly kind: number
  readonly scAddr: ScAddr
  readonly sender: Address
  readonly epoch: number
  /** Signers of the seats, as verified before the input was encrypted. */
  readonly seats: readonly Address[]
  /** The function, to decode its answer: `function add(uint256 a, uint256 b) returns (uint256)`. */
  readonly fragment: string | null
  readonly taskId: TaskId | null
  readonly transactionHash: Hex | null
  /** Where the record stood when it was found; absent before, and in older entries. A reorganised chain may have moved it since. */
  readonly recordBlock?: number
  /** Where record and receipt stood when the answer was shown; absent before. A reorganised chain may have taken them back since. */
  readonly shown?: { readonly record: Place; readonly receipt: Place }
  readonly createdAtMs: number
}

/** A transaction in a block. */
export interface Place {
  readonly block: number
  readonly transactionHash: Hex
  /** Of the block; absent in older entries. */
  readonly blockHash?: Hash
}

/**
 * A block that took another's place is another place, though it has the same number and the same transaction: what was in the old one was
 * gone in between, whether anybody looked then or not.
 */
export const samePlace = (one: Place, other: Place): boolean =>
  one.block === other.block &&
  one.transactionHash === other.transactionHash &&
  (one.blockHash === undefined || other.blockHash === undefined || one.blockHash === other.blockHash)

/** Older tasks than these are forgotten: an envelope is up to 72 kB, and a browser gives a page some megabytes. */
const MAX_TASKS = 100

/** The client's own tasks of one network. */
export class TaskStore {
  readonly #storage: ClientStorage
  readonly #prefix: string

  /** @param prefix names the network: chain, contract and its deployment. */
  constructor(storage: ClientStorage, prefix: string) {
    this.#storage = storage
    this.#prefix = prefix
  }

  async save(task: StoredTask): Promise<void> {
    const isNew = (await this.#storage.get(this.#taskKey(task.inputHash))) === null
    await this.#storage.set(this.#taskKey(task.inputHash), JSON.stringify(task))
    if (task.taskId !== null) await this.#storage.set(this.#idKey(task.taskId), task.inputHash)
    if (isNew) await this.#trim()
  }

  /** Changes what is stored of a task; no effect on one that is not there. */
  async update(inputHash: Hash, change: Partial<StoredTask>): Promise<void> {
    const task = await this.byInputHash(inputHash)
    if (task !== null) await this.save({ ...task, ...change })
  }

  async byInputHash(inputHash: Hash): Promise<StoredTask | null> {
    const text = await this.#storage.get(this.#taskKey(inputHash))
    return text === null ? null : (JSON.parse(text) as StoredTask)
  }

  async byTaskId(taskId: TaskId): Promise<StoredTask | null> {
    const inputHash = await this.#storage.get(this.#idKey(taskId))
    return inputHash === null ? null : this.byInputHash(hash(inputHash))
  }

  /** Oldest first. */
  async all(): Promise<StoredTask[]> {
    const keys = await this.#storage.list(`${this.#prefix}task/`)
    const texts = await Promise.all(keys.map(key => this.#storage.get(key)))
    return texts
      .filter(text => text !== null)
      .map(text => JSON.parse(text) as StoredTask)
      .sort((a, b) => a.createdAtMs - b.createdAtMs)
  }

  async forget(task: StoredTask): Promise<void> {
    await this.#storage.delete(this.#taskKey(task.inputHash))
    if (task.taskId !== null) await this.#storage.delete(this.#idKey(task.taskId))
  }

  async #trim(): Promise<void> {
    const tasks = await this.all()
    for (const task of tasks.slice(0, Math.max(0, tasks.length - MAX_TASKS))) await this.forget(task)
  }

  #taskKey(inputHash: Hash): string {
    return `${this.#prefix}task/${inputHash}`
  }

  #idKey(taskId: TaskId): string {
    return `${this.#prefix}id/${taskId}`
  }
}
