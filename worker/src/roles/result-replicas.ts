import { setTimeout as sleep } from 'node:timers/promises'
import { TaskStatus, ZERO_HASH, type Address, type TaskId } from '@enigma/protocol'
import type { ChainReader, ChainTask } from '../chain/reader.ts'
import type { Logger } from '../ops/log.ts'
import type { Precedence } from '../ops/precedence.ts'
import type { DeltaSync, Presence, TaskRelay } from '../sync/interfaces.ts'

export interface ResultReplicasParts {
  readonly chain: Pick<ChainReader, 'subscribe' | 'seats' | 'facts' | 'task' | 'contract' | 'head' | 'currentEpoch'>
  readonly relay: Pick<TaskRelay, 'result'>
  readonly sync: Pick<DeltaSync, 'seek'>
  readonly precedence?: Pick<Precedence, 'giveWay'>
  readonly signer: Address
  readonly log: Logger
  /** Operators of the workers that are connected now. */
  readonly connected: () => readonly Address[]
  /** Tasks of the chain: those settled lately are looked after from the start, in case the last run of this process did not come to it. */
  readonly tasks: () => Iterable<ChainTask>
  /** Nobody hands out the output or the delta of this settled task (R10). */
  readonly onLost: (taskId: TaskId) => void
  /** Before the first look; later ones are twice as far apart each. The seat that was first needs a moment to release its result. */
  readonly firstPauseMs?: number
}

/** Looks before something is called lost: while the worker that committed it is connected it may be slow, and else once more for the others. */
const LOOKS = 4
const LOOKS_WITHOUT_WRITER = 2
/** For asking everybody once. */
const LOOK_MS = 5_000
/** How long a look waits for receipts of this worker that are not on their way. */
const LOOK_WAITS_MS = 400
const MAX_UNDER_WAY = 64
/** Seats take turns at rebuilding, so that the first of them spares the others the work. */
const SEAT_PAUSE_FACTOR = 8
/** Tasks settled before the start that are looked after, the newest; inputs and keys of older epochs are gone. */
const MAX_AT_START = 512
const EPOCHS_AT_START = 2

interface Search {
  readonly taskId: TaskId
  readonly notBefore: number // block
  look(task: ChainTask): Promise<Presence>
}

/**
 * Fetches the results and deltas of tasks of which this worker holds a seat, so that they do not depend on the one worker that was
 * first. The relay and the store check them against the chain and keep them. What cannot be had from anybody is lost, and told; should
 * it turn up after all, the second run only came to the same bytes (R6).
 */
export function startResultReplicas(parts: ResultReplicasParts): () => void {
  const { chain, relay, sync, precedence, signer, log, onLost, connected, firstPauseMs = 300 } = parts
  const stopped = new AbortController()
  const { signal } = stopped
  const waiting = new Map<string, Search>()
  const underWay = new Set<string>()
  const pause = (ms: number): Promise<void> => sleep(ms, undefined, { signal }).catch(() => undefined)

  /** Position of the delta in the contract's history; null: the run wrote nothing, or a reorg took it. */
  function deltaIndex({ scAddr, settlement }: ChainTask): number | null {
    if (!settlement || settlement.deltaHash === ZERO_HASH) return null
    const found = chain.contract(scAddr)?.steps.find(step => step.deltaHash === settlement.deltaHash)
    return found?.index ?? null
  }

  async function lookForDelta(task: ChainTask): Promise<Presence> {
    const index = deltaIndex(task)
    if (index === null) return 'here'
    const limit = AbortSignal.any([signal, AbortSignal.timeout(LOOK_MS)])
    return sync.seek(task.scAddr, index, limit).catch(() => 'unknown' as const)
  }

  const lookForResult = async ({ taskId }: ChainTask): Promise<Presence> =>
    (await relay.result(taskId).catch(() => null)) ? 'here' : 'absent'

  /** The signers of a task's seats, each once, in the order of their lowest seats. */
  const seatHolders = ({ epoch, scAddr }: ChainTask): Address[] => [
    ...new Set(chain.seats(epoch, scAddr).map(leaf => leaf.signer))
  ]

  /** This seat's place among those that may have to rebuild: not whoever committed it and hands nothing out. */
  function turnOf(task: ChainTask): number {
    const writers = chain.seats(task.epoch, task.scAddr).filter(leaf => leaf.operator === task.settlement?.operator)
    const others = seatHolders(task).filter(one => one === signer || !writers.some(leaf => leaf.signer === one))
    return others.indexOf(signer)
  }

  function isHopeless(task: ChainTask, looks: number, found: Presence): boolean {
    const writer = task.settlement?.operator
    const canCome = writer !== null && writer !== undefined && connected().includes(writer)
    return looks >= (canCome || found === 'unknown' ? LOOKS : LOOKS_WITHOUT_WRITER)
  }

  async function search({ taskId, look }: Search): Promise<void> {
    let ms = firstPauseMs
    for (let looks = 1; ; looks++, ms *= 2) {
      await pause(ms)
      await precedence?.giveWay(LOOK_WAITS_MS, signal)
      const task = chain.task(taskId)
      if (signal.aborted || !task?.settlement) return
      const found = await look(task)
      if (found === 'here') return
      if (isHopeless(task, looks, found)) break
    }
    const task = chain.task(taskId)
    if (!task?.settlement) return
    await pause(SEAT_PAUSE_FACTOR * firstPauseMs * turnOf(task))
    if (signal.aborted || !chain.task(taskId)?.settlement || (await look(task)) === 'here') return
    log.warn('nobody hands out what a receipt stands for', { taskId })
    onLost(taskId)
  }

  const isWanted = (task: ChainTask): boolean =>
    (task.settlement?.status === TaskStatus.ReceiptVerified || task.settlement?.status === TaskStatus.ReceiptFailed) &&
    seatHolders(task).includes(signer)

  /** The delta is needed by the contract's next task at once; a result is released once its receipt has its confirmations. */
  function want({ taskId, settlement }: ChainTask): void {
    const { block } = settlement!
    waiting.set(`delta ${taskId}`, { taskId, notBefore: block, look: lookForDelta })
    waiting.set(`result ${taskId}`, { taskId, notBefore: block + chain.facts.confirmations - 1, look: lookForResult })
  }

  function startDue(): void {
    const head = chain.head().number
    for (const [key, one] of waiting) {
      if (underWay.size >= MAX_UNDER_WAY || signal.aborted) return
      if (head < one.notBefore || underWay.has(key)) continue
      waiting.delete(key)
      underWay.add(key)
      void search(one).finally(() => {
        underWay.delete(key)
        startDue()
      })
    }
  }

  const unsubscribe = chain.subscribe(event => {
    if (event.type === 'task-settled' && isWanted(event.task)) want(event.task)
    if (event.type === 'head') startDue()
  })
  const since = (chain.currentEpoch()?.epoch ?? 0) - EPOCHS_AT_START
  const recent = [...parts.tasks()].filter(task => task.epoch > since && isWanted(task))
  for (const task of recent.sort((a, b) => b.order - a.order).slice(0, MAX_AT_START)) want(task)
  startDue()
  return () => {
    unsubscribe()
    stopped.abort()
  }
}
