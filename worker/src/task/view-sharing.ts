import { MAX_VIEW_CONTRACTS, MAX_VIEW_TASKS, type ContractQuery, type ScAddr, type TaskId } from '@enigma/protocol'
import type { ChainReader } from '../chain/reader.ts'
import type { Enclave } from '../enclave/enclave.ts'
import { untilIndexed, type ChainViews, type OpenView } from './views.ts'

interface Waiting {
  readonly contracts: readonly ContractQuery[]
  readonly minBlock: number
  resolve(open: OpenView): void
  reject(error: unknown): void
}

interface Recent {
  readonly open: OpenView
  readonly tasks: ReadonlyMap<ScAddr, ReadonlySet<TaskId>>
  readonly enclave: number // its generation
  readonly atMs: number
}

/** Requests under way at once: the first goes alone, those that come meanwhile go together. */
const MAX_FLIGHTS = 2
/** Tasks that come along although nobody has asked for them so far. Each costs all three who hash the view some ten microseconds. */
const MAX_FORESEEN = 128
/** A view of the newest block serves whoever asks in that block; an enclave keeps it for a minute. */
const REUSE_MS = 5_000
const MAX_RECENT = 8
const CATCH_UP_MS = 3_000

/**
 * Asks for the views of many tasks together. Ten tasks of one block would else be thirty requests to the principal, each with a
 * signature on both sides; freshness is the block's, so nothing is lost by sharing.
 *
 * @param foreseen tasks that will need a view of this block soon: whoever is the first to ask takes them along
 */
export function shareViews(
  chain: ChainReader,
  enclave: Pick<Enclave, 'generation'>,
  { open: ask }: ChainViews,
  foreseen: () => Iterable<{ readonly scAddr: ScAddr; readonly taskId: TaskId }> = () => []
): ChainViews {
  let waiting: Waiting[] = []
  let flights = 0
  let recent: Recent[] = []

  function known(contracts: readonly ContractQuery[], minBlock: number): OpenView | null {
    const { number, hash } = chain.head()
    const oldest = performance.now() - REUSE_MS
    const isFresh = ({ open, enclave: generation, atMs }: Recent): boolean =>
      open.view.block === number && open.view.blockHash === hash && generation === enclave.generation && atMs > oldest
    recent = recent.filter(isFresh)
    const covers = ({ tasks }: Recent): boolean =>
      contracts.every(({ scAddr, taskIds }) => tasks.has(scAddr) && taskIds.every(id => tasks.get(scAddr)!.has(id)))
    return minBlock > number ? null : (recent.find(covers)?.open ?? null)
  }

  /** Takes as many as one request can hold, in order. */
  function takeTogether(): { readonly taken: Waiting[]; readonly tasks: Map<ScAddr, Set<TaskId>> } {
    const tasks = new Map<ScAddr, Set<TaskId>>()
    const fits = ({ contracts }: Waiting): boolean => {
      const added = contracts.filter(({ scAddr }) => !tasks.has(scAddr)).length
      const sizes = contracts.map(({ scAddr, taskIds }) => new Set([...(tasks.get(scAddr) ?? []), ...taskIds]).size)
      return tasks.size + added <= MAX_VIEW_CONTRACTS && Math.max(...sizes) <= MAX_VIEW_TASKS
    }
    const taken: Waiting[] = []
    const left: Waiting[] = []
    for (const one of waiting) {
      if (taken.length > 0 && !fits(one)) {
        left.push(one)
        continue
      }
      taken.push(one)
      for (const { scAddr, taskIds } of one.contracts) {
        tasks.set(scAddr, new Set([...(tasks.get(scAddr) ?? []), ...taskIds]))
      }
    }
    waiting = left
    return { taken, tasks }
  }

  function takeForeseen(tasks: Map<ScAddr, Set<TaskId>>): void {
    let left = MAX_FORESEEN
    for (const { scAddr, taskId } of foreseen()) {
      const ofContract = tasks.get(scAddr) ?? new Set()
      if (ofContract.has(taskId) || ofContract.size >= MAX_VIEW_TASKS) continue
      if (ofContract.size === 0 && tasks.size >= MAX_VIEW_CONTRACTS) continue
      tasks.set(scAddr, ofContract.add(taskId))
      if (--left === 0) return
    }
  }

  async function fly(): Promise<void> {
    const { taken, tasks } = takeTogether()
    takeForeseen(tasks)
    const contracts = [...tasks].map(([scAddr, taskIds]) => ({ scAddr, taskIds: [...taskIds] }))
    try {
      const minBlock = Math.max(...taken.map(one => one.minBlock))
      // Not the signal of any one of them: the others still want the answer. The request has its own deadline.
      const open = await ask(contracts, minBlock, new AbortController().signal)
      recent = [{ open, tasks, enclave: enclave.generation, atMs: performance.now() }, ...recent].slice(0, MAX_RECENT)
      for (const one of taken) one.resolve(open)
    } catch (error) {
      for (const one of taken) one.reject(error)
    }
  }

  function launch(): void {
    while (flights < MAX_FLIGHTS && waiting.length > 0) {
      flights += 1
      void fly().finally(() => {
        flights -= 1
        launch()
      })
    }
  }

  return {
    async open(contracts, minBlock, signal) {
      await untilIndexed(chain, minBlock, CATCH_UP_MS, signal)
      const found = known(contracts, minBlock)
      if (found) return found
      signal.throwIfAborted()
      return new Promise<OpenView>((resolve, reject) => {
        waiting.push({ contracts, minBlock, resolve, reject })
        queueMicrotask(launch) // whoever asks in the same breath comes along
      })
    }
  }
}
