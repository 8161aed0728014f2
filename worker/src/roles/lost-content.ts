import type { Hash, ScAddr, TaskId } from '@enigma/protocol'
import type { ChainReader, ChainTask } from '../chain/reader.ts'
import type { Logger } from '../ops/log.ts'
import type { StatusBoard } from '../ops/status-board.ts'
import type { DeltaSync } from '../sync/interfaces.ts'
import type { Unmet } from '../sync/unmet.ts'
import { keptUntil } from './epoch-keys.ts'

export interface LostContentParts {
  readonly chain: Pick<ChainReader, 'facts' | 'head' | 'epoch' | 'deltaHash'>
  readonly sync: Pick<DeltaSync, 'unmet'>
  readonly tasks: () => Iterable<ChainTask>
  /** How many workers are registered besides this one. */
  readonly others: () => number
  /** Why this seat could not run a task again whose delta nobody has; null: it did not come to that. */
  readonly couldNotRebuild: (taskId: TaskId) => string | null
  readonly board: Pick<StatusBoard, 'alarm' | 'clear'>
  readonly log: Logger
  readonly everyMs?: number
  /** Before what does not come is called lost. */
  readonly patienceMs?: number
}

const EVERY_MS = 5_000
const PATIENCE_MS = 15_000
const ROUNDS = 3
/** Further contracts that one alarm names. */
const MAX_NAMED = 8

interface Loss {
  readonly scAddr: ScAddr
  readonly first: number
  readonly text: string
}

/**
 * Raises CONTENT_LOST when what the chain names is held by nobody and cannot be made again: every worker that is connected has said that it
 * lacks it, or there is no other, and the keys of its epoch are destroyed (R9), or this seat tried and could not. Ends it when the
 * content turns up. docs/spec/operations.md
 */
export function startLostContent(parts: LostContentParts): () => void {
  const { chain, sync, tasks, others, couldNotRebuild, board, log } = parts
  const { everyMs = EVERY_MS, patienceMs = PATIENCE_MS } = parts
  let told = ''
  let lost: readonly Loss[] = []

  /** Whom the word counts of: every worker that is connected, if this is not the only one. */
  function saidByAll({ connected, lackedBy }: Unmet): boolean {
    return connected > 0 ? lackedBy === connected : others() === 0
  }

  const placeOf = (scAddr: ScAddr, deltaHash: Hash | null | undefined): string => `${scAddr} ${deltaHash}`

  /** The tasks that made what is missing first, by its place; for a bytecode that of the deployment. All tasks are looked at once. */
  function makersOf(all: readonly Unmet[]): ReadonlyMap<string, ChainTask> {
    const makers = new Map<string, ChainTask>()
    const wanted = new Set(all.map(({ scAddr, first }) => placeOf(scAddr, chain.deltaHash(scAddr, first))))
    if (wanted.size === 0) return makers
    for (const task of tasks()) {
      const place = placeOf(task.scAddr, task.settlement?.deltaHash)
      if (wanted.has(place)) makers.set(place, task)
    }
    return makers
  }

  /** Whether nobody seems to hold it, and for long; what was called lost is so until it turns up, whoever comes and goes meanwhile. */
  function isAbsent(unmet: Unmet): boolean {
    const { scAddr, first, rounds, sinceMs } = unmet
    if (lost.some(loss => loss.scAddr === scAddr && loss.first === first)) return true
    return rounds >= ROUNDS && performance.now() - sinceMs >= patienceMs && saidByAll(unmet)
  }

  /** Null while it can be made again. */
  function lossOf(unmet: Unmet, task: ChainTask): Loss | null {
    const { scAddr, first } = unmet
    const until = keptUntil(chain, task.epoch)
    const reason = couldNotRebuild(task.taskId)
    const isGone = until !== null && chain.head().number > until
    if (!isGone && reason === null) return null
    const keys = isGone
      ? `The keys of epoch ${task.epoch} were destroyed after block ${until}, so that nobody can run its task ${task.taskId} again.`
      : `It is of task ${task.taskId}, of epoch ${task.epoch}; another seat may run that again ${until === null ? 'while the epoch lasts' : `until block ${until}`}.`
    const own = reason === null ? '' : ` This seat could not: ${reason}.`
    return { scAddr, first, text: `Of contract ${scAddr} ${whatOf(unmet)}: ${whoOf(unmet, others())}. ${keys}${own}` }
  }

  function look(): void {
    const absent = sync.unmet().filter(isAbsent)
    const makers = makersOf(absent)
    const losses = absent.flatMap(unmet => {
      const task = makers.get(placeOf(unmet.scAddr, chain.deltaHash(unmet.scAddr, unmet.first)))
      return (task && lossOf(unmet, task)) ?? []
    })
    const has = (some: readonly Loss[], { scAddr }: Loss): boolean => some.some(loss => loss.scAddr === scAddr)
    for (const loss of losses) {
      const { scAddr, text } = loss
      if (!has(lost, loss)) log.warn(text, { code: 'CONTENT_LOST', contract: scAddr })
    }
    for (const loss of lost) {
      if (!has(losses, loss)) log.info('content that was lost has turned up', { contract: loss.scAddr })
    }
    lost = losses
    const [first, ...more] = losses
    const text = first ? `${first.text}${alsoOf(more)}` : ''
    if (text === told) return
    told = text
    if (first) board.alarm('CONTENT_LOST', `Content that the chain names is lost. ${text}`)
    else board.clear('CONTENT_LOST')
  }

  const timer = setInterval(look, everyMs)
  return () => clearInterval(timer)
}

function whatOf({ first, count, bytecode }: Unmet): string {
  if (count === 0) return 'nobody holds the bytecode'
  const deltas = count === 1 ? `delta ${first}` : `delta ${first} and the ${count - 1} after it`
  return `nobody holds ${bytecode ? `the bytecode, ${deltas}` : deltas}`
}

function whoOf({ connected, lackedBy }: Unmet, others: number): string {
  if (others === 0) return 'no other worker is registered'
  if (connected === 0) return `no other worker is connected (${others} are registered)`
  return `${lackedBy} of ${connected} connected workers said that they lack it (${others} others are registered)`
}

function alsoOf(more: readonly Loss[]): string {
  if (more.length === 0) return ''
  const named = more.slice(0, MAX_NAMED).map(({ scAddr }) => scAddr)
  return ` ${more.length} further contracts: ${named.join(', ')}${more.length > MAX_NAMED ? ' and others' : ''}.`
}
