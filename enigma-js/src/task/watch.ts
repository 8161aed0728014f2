import {
  TaskStatus,
  fromHex,
  printable,
  recoverSigner,
  taskId as taskIdFrom,
  typedDigest,
  type TaskEvent,
  type TaskId
} from '@enigma/protocol'
import { deadlineBlock, settlementOf, taskRecord, type Settlement, type TaskRecord } from '../chain/tasks.ts'
import { ClientError, TaskFailedError } from '../errors.ts'
import { followTask } from '../rpc/subscription.ts'
import type { Session } from '../session.ts'
import { sleep } from '../waiting.ts'
import type { Answer } from './answer.ts'
import { callbackError, failedError, type Receipted } from './fetch-answer.ts'
import { inEng } from './amounts.ts'
import { stageIndex, type TaskProgress } from './progress.ts'
import { answerWhileItStands, stands } from './standing.ts'
import { samePlace, type Place, type StoredTask } from './store.ts'

/** The last word on a task, beside its last stage. */
export interface Finished {
  readonly record: TaskRecord
  /** Null for a task that expired. */
  readonly answer: Answer | null
  readonly error: TaskFailedError | null
}

export interface WatchOptions {
  readonly signal?: AbortSignal | undefined
}

/** Blocks after the deadline in which the network has the fee sent back by itself. */
const REFUND_BLOCKS = 10

/**
 * Follows a task from its record to `final` or `failed`. The chain decides; workers only tell of the stages in between.
 * It ends in any case: at the latest some blocks after the deadline, or when the chain stops or cannot be reached.
 *
 * @throws TASK_UNKNOWN, CHAIN_STALLED, CHAIN_UNREACHABLE, RESULT_UNAVAILABLE, and what `verifyAnswer` refuses.
 */
export async function* watchTask(
  session: Session,
  id: string,
  { signal }: WatchOptions = {}
): AsyncGenerator<TaskProgress, Finished> {
  const taskId = readTaskId(id)
  const stop = new AbortController()
  const both = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal
  const watcher = new Watcher(session, taskId, both)
  try {
    return yield* watcher.run()
  } catch (error) {
    signal?.throwIfAborted()
    throw error
  } finally {
    stop.abort()
  }
}

/** @throws TASK_UNKNOWN for something that cannot be a task's id. */
export function readTaskId(id: string): TaskId {
  try {
    return taskIdFrom(id)
  } catch {
    throw unknownTask(printable(id, 80))
  }
}

export const unknownTask = (taskId: string): ClientError =>
  new ClientError({ code: 'TASK_UNKNOWN', taskId }, `There is no task ${taskId} on this chain.`)

/** What is kept of the encrypted input. */
function inputOf({
  inputHash,
  envelopeBytes: bytes,
  ciphertextSample: sample
}: StoredTask): Pick<TaskProgress, 'input'> {
  return bytes === undefined || sample === undefined ? {} : { input: { inputHash, bytes, sample } }
}

const placeOf = ({ recordBlock: block, blockHash, transactionHash }: TaskRecord): Place => ({
  block,
  blockHash,
  transactionHash
})

class Watcher {
  readonly #session: Session
  readonly #taskId: TaskId
  readonly #signal: AbortSignal
  readonly #told: TaskEvent[] = []
  #reached = -1
  #wake: () => void = () => undefined
  /** Where the record and the receipt stood when they were told. */
  #record: Place | null = null
  #receipt: Place | null = null
  /** The answer was shown in an earlier watch, for what stood at these places. */
  #wasShown = false
  #isReorganised = false
  /** Since when the chain has no record; null while it has one. */
  #goneSince: number | null = null
  #lastBlock = 0
  #lastBlockAt = Date.now()

  constructor(session: Session, taskId: TaskId, signal: AbortSignal) {
    this.#session = session
    this.#taskId = taskId
    this.#signal = signal
  }

  async *run(): AsyncGenerator<TaskProgress, Finished> {
    const { store, chain, workers } = this.#session
    const stored = await store.byTaskId(this.#taskId)
    if (stored !== null) {
      yield* this.#stage({ stage: 'encrypted', taskId: null, detail: `for epoch ${stored.epoch}`, ...inputOf(stored) })
      yield* this.#stage({ stage: 'delivered', taskId: null, detail: 'a seat holder has stored the encrypted input' })
    }
    if (stored?.shown) {
      this.#record = stored.shown.record
      this.#receipt = stored.shown.receipt
      this.#wasShown = true
    }
    const first = yield* this.#untilRecorded(stored)
    const place = placeOf(first)
    if (this.#record === null || samePlace(this.#record, place)) {
      const detail = `the fee is in escrow in block ${place.block}`
      yield* this.#stage({ stage: 'recorded', taskId: this.#taskId, ...place, detail })
      this.#record = place
    }
    void followTask(workers, this.#taskId, event => this.#hear(event), this.#signal).catch(() => undefined)

    let likely = { taskId: this.#taskId, recordBlock: first.recordBlock }
    for (;;) {
      // Read anew each time: a reorganised chain may have moved the record or taken its receipt back.
      const [head, found, ended] = await Promise.all([
        this.#head(),
        taskRecord(chain, this.#taskId, likely.recordBlock),
        settlementOf(chain, likely)
      ])
      if (found === null) {
        yield* this.#takenBack(null, null)
        this.#goneSince ??= Date.now()
        if (Date.now() - this.#goneSince > this.#session.timeouts.transactionMs) throw unknownTask(this.#taskId)
      } else {
        this.#goneSince = null
        const { record, slots } = found
        const hasMoved = record.recordBlock < likely.recordBlock // then its end may be in an earlier block, too
        likely = record
        const open = slots.status === TaskStatus.RecordCreated
        const settlement = open ? null : hasMoved ? await settlementOf(chain, record) : ended
        yield* this.#takenBack(record, settlement)
        yield* this.#reports(record, stored)
        if (settlement === null) {
          const deadline = await deadlineBlock(chain, record.recordBlock)
          // A reorganisation may still take the blocks up to the deadline back, and then bring a receipt.
          const late = Math.max(REFUND_BLOCKS, this.#session.confirmations - 1)
          if (head > deadline + late) return yield* this.#expired(record, deadline, null)
        } else if (settlement.outcome === 'returned') {
          const deadline = await deadlineBlock(chain, record.recordBlock)
          if (this.#isDeep(settlement.block, head) && (await stands(chain, record, settlement)))
            return yield* this.#expired(record, deadline, settlement)
        } else {
          const finished = yield* this.#settled(record, settlement, stored, head)
          if (finished !== null) return finished
        }
      }
      await this.#pause()
    }
  }

  /** The record as it is now. One that was here in an earlier watch, and is gone, is told as taken back, and waited for. */
  async *#untilRecorded(stored: StoredTask | null): AsyncGenerator<TaskProgress, TaskRecord> {
    // A task of ours may still be on its way into a block; one that nobody recorded is not waited for.
    const until = Date.now() + (stored === null ? 0 : this.#session.timeouts.transactionMs)
    for (;;) {
      const found = await taskRecord(this.#session.chain, this.#taskId, stored?.recordBlock)
      if (found !== null) return found.record
      yield* this.#takenBack(null, null)
      if (Date.now() >= until) throw unknownTask(this.#taskId)
      await sleep(this.#session.timeouts.pollMs, this.#signal)
    }
  }

  /** Whether a block has its confirmations. */
  #isDeep(block: number, head: number): boolean {
    return head - block + 1 >= this.#session.confirmations
  }

  /** The head of the chain. @throws CHAIN_STALLED */
  async #head(): Promise<number> {
    const head = await this.#session.chain.blockNumber()
    if (head !== this.#lastBlock) {
      this.#lastBlock = head
      this.#lastBlockAt = Date.now()
    } else if (Date.now() - this.#lastBlockAt > this.#session.timeouts.stalledMs) {
      const seconds = Math.round((Date.now() - this.#lastBlockAt) / 1000)
      throw new ClientError(
        { code: 'CHAIN_STALLED', block: head },
        `The chain has stood at block ${head} for ${seconds} s, so the task cannot go on.`
      )
    }
    return head
  }

  /** Tells that a reorganised chain has taken the record or the receipt away, or moved it; what follows is told anew. */
  *#takenBack(record: TaskRecord | null, settlement: Settlement | null): Generator<TaskProgress> {
    const moved = (told: Place | null, now: Place | null): boolean =>
      told !== null && (now === null || !samePlace(told, now))
    const taskId = this.#taskId
    const undone = this.#wasShown ? 'final' : this.#receipt === null ? 'recorded' : 'verified'
    const revealed = this.#wasShown ? { revealed: true } : {}
    const afterwards = this.#wasShown ? '; its output had been shown (R11)' : ''
    const recordNow = record && placeOf(record)
    if (moved(this.#record, recordNow)) {
      this.#isReorganised = true
      const block = this.#record!.block
      this.#reached = stageIndex('delivered')
      yield {
        stage: 'delivered',
        taskId,
        undone,
        ...revealed,
        detail: `the chain was reorganised and took block ${block} back, with the record${afterwards}`
      }
      this.#record = this.#receipt = null
      this.#wasShown = false
    } else if (moved(this.#receipt, settlement)) {
      this.#isReorganised = true
      const block = this.#receipt!.block
      this.#reached = stageIndex('recorded')
      yield {
        stage: 'recorded',
        taskId,
        undone,
        ...revealed,
        detail: `the chain was reorganised and took block ${block} back, with the receipt${afterwards}`
      }
      this.#receipt = null
      this.#wasShown = false
    }
    if (this.#record === null && recordNow !== null) {
      const detail = `the fee is in escrow in block ${recordNow.block}`
      yield* this.#stage({ stage: 'recorded', taskId, ...recordNow, detail })
      this.#record = recordNow
    }
  }

  /** Emits a stage unless it, or a later one, was emitted before. */
  *#stage(progress: TaskProgress): Generator<TaskProgress> {
    const index = stageIndex(progress.stage)
    if (index <= this.#reached) return
    this.#reached = index
    yield progress
  }

  #hear(event: TaskEvent): void {
    if (this.#told.length < 256) this.#told.push(event)
    this.#wake()
  }

  /** What workers told since, as far as it is theirs to tell. */
  *#reports(record: TaskRecord, stored: StoredTask | null): Generator<TaskProgress> {
    const events = this.#told.splice(0)
    const taskId = this.#taskId
    const accepted = events.find(event => event.stage === 'accepted' && this.#acceptedBy(event, record, stored))
    if (accepted !== undefined) {
      yield* this.#stage({
        stage: 'accepted',
        taskId,
        signer: accepted.signer!,
        detail: 'an enclave has the input and the state'
      })
    }
    // A word that comes without the acceptance before it says nothing yet; the receipt will.
    const isAccepted = this.#reached >= stageIndex('accepted')
    if (isAccepted && events.some(event => event.stage === 'executing')) {
      yield* this.#stage({ stage: 'executing', taskId, detail: 'in an enclave' })
    }
  }

  /** Whether the event carries a seat's signature over TaskAccepted (R4). */
  #acceptedBy({ signer, signature }: TaskEvent, record: TaskRecord, stored: StoredTask | null): boolean {
    try {
      const { taskId, inputHash, recordBlock } = record
      const digest = typedDigest(this.#session.domain, 'TaskAccepted', { taskId, inputHash, recordBlock })
      const found = recoverSigner(digest, fromHex(signature ?? '0x'))
      return found === signer && (stored === null || stored.seats.includes(found))
    } catch {
      return false
    }
  }

  async *#settled(
    record: TaskRecord,
    settlement: Receipted,
    stored: StoredTask | null,
    head: number
  ): AsyncGenerator<TaskProgress, Finished | null> {
    const { block, blockHash, transactionHash, gasUsed } = settlement
    const taskId = this.#taskId
    // A receipt shows that an enclave took the task and ran it, even if the word of it was slower than the block.
    yield* this.#stage({ stage: 'accepted', taskId, detail: 'by an enclave, as its receipt shows' })
    yield* this.#stage({ stage: 'executing', taskId, detail: 'in an enclave, as its receipt shows' })
    yield* this.#stage({
      stage: 'committed',
      taskId,
      block,
      transactionHash,
      detail: `the receipt is in block ${block}`
    })
    const { confirmations } = this.#session
    const detail = `accepted by the contract; ${gasUsed} of ${record.gasLimit} gas used`
    yield* this.#stage({ stage: 'verified', taskId, block, transactionHash, detail })
    this.#receipt = { block, blockHash, transactionHash }
    if (!this.#isDeep(block, head)) return null

    if (settlement.outcome === 'callback-failed') {
      if (!(await stands(this.#session.chain, record, settlement))) return null
      const error = callbackError(record, settlement)
      yield* this.#stage({ stage: 'failed', taskId, block, transactionHash, detail: error.message, error })
      return { record, answer: null, error }
    }
    const [signal, isReorganised] = [this.#signal, this.#isReorganised]
    const answer = await answerWhileItStands(this.#session, { record, settlement, stored, isReorganised, signal })
    if (answer === null) return null // the next look tells what became of it
    const shown = { record: placeOf(record), receipt: this.#receipt }
    if (stored !== null) await this.#session.store.update(stored.inputHash, { envelope: null, shown })
    if (settlement.outcome === 'failed') {
      const error = failedError(record, settlement, answer.readable)
      yield* this.#stage({ stage: 'failed', taskId, block, transactionHash, detail: error.message, error })
      return { record, answer, error }
    }
    const enough = confirmations === 1 ? 'one confirmation' : `${confirmations} confirmations`
    yield* this.#stage({
      stage: 'final',
      taskId,
      block,
      transactionHash,
      detail: `the answer is verified, with ${enough}`
    })
    return { record, answer, error: null }
  }

  *#expired(
    record: TaskRecord,
    deadline: number,
    returned: Extract<Settlement, { outcome: 'returned' }> | null
  ): Generator<TaskProgress, Finished> {
    const { taskId } = record
    const refunded = returned?.amount ?? null
    const error = new TaskFailedError(
      { code: 'TASK_EXPIRED', taskId, deadline, refunded, refundTransaction: returned?.transactionHash ?? null },
      refunded === null
        ? `No worker settled the task by block ${deadline}, and its fee has not gone back yet.`
        : `No worker settled the task by block ${deadline}; its whole fee of ${inEng(refunded)} ENG went back.`,
      { hint: refunded === null ? 'Call refund(taskId), or `enigma task refund`.' : 'Send the task again.' }
    )
    const at = returned === null ? {} : { block: returned.block, transactionHash: returned.transactionHash }
    yield* this.#stage({ stage: 'failed', taskId, detail: error.message, error, ...at })
    return { record, answer: null, error }
  }

  /** Until the next look at the chain; a worker's word ends it early. */
  async #pause(): Promise<void> {
    const woken = new Promise<void>(resolve => (this.#wake = resolve))
    await Promise.race([sleep(this.#session.timeouts.pollMs, this.#signal), woken])
    if (this.#told.length > 0) await sleep(20, this.#signal) // let a burst of events come in together
  }
}
