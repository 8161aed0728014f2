import type { Chain } from '../chain/chain.ts'
import { settlementOf, type Settlement, type TaskRecord } from '../chain/tasks.ts'
import type { Session } from '../session.ts'
import { sleep } from '../waiting.ts'
import type { Answer } from './answer.ts'
import { fetchAnswer, type Receipted } from './fetch-answer.ts'
import { samePlace, type StoredTask } from './store.ts'

/**
 * Whether a task's end is still in the block where it was found. To be asked after the head of the chain was: head and end are read by two
 * questions, and counted together only if no reorganisation came between them.
 */
export async function stands(chain: Chain, record: TaskRecord, found: Settlement): Promise<boolean> {
  const now = await settlementOf(chain, record)
  return now !== null && samePlace(now, found)
}

export interface Standing {
  readonly record: TaskRecord
  readonly settlement: Receipted
  readonly stored: StoredTask | null
  /** The watch has seen the chain reorganised. */
  readonly isReorganised: boolean
  readonly signal: AbortSignal
}

/**
 * The verified answer to a receipt, if that is still where it was once the answer is there. Null as soon as it is gone, for then no worker has
 * an answer to give, and none counts.
 *
 * @throws what `fetchAnswer` does
 */
export async function answerWhileItStands(
  session: Session,
  { record, settlement, stored, isReorganised, signal }: Standing
): Promise<Answer | null> {
  const over = new AbortController()
  const until = AbortSignal.any([signal, over.signal])
  const fetched = fetchAnswer(session, record, settlement, stored, { signal: until, isReorganised }).then(
    answer => ({ answer }),
    (error: unknown) => ({ error: error as Error })
  )
  try {
    for (;;) {
      const pause = sleep(session.timeouts.pollMs, until).catch(() => undefined)
      const done = await Promise.race([fetched, pause])
      const still = await stands(session.chain, record, settlement)
      signal.throwIfAborted()
      if (!still) return null
      if (done === undefined) continue
      if ('error' in done) throw done.error
      return done.answer
    }
  } finally {
    over.abort()
  }
}
