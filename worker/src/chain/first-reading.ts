import { setTimeout as sleep } from 'node:timers/promises'
import { asError } from '@enigma/protocol'
import { WorkerError } from '../errors.ts'
import type { Logger } from '../ops/log.ts'

/** An endpoint that told the network's facts a moment ago is busy, not wrong: so long it may take to read blocks too. */
const PATIENCE_MS = 60_000
const PAUSE_MS = 500
const PASSING: readonly string[] = ['CHAIN_TIMEOUT', 'CHAIN_UNREACHABLE', 'CHAIN_DISAGREEMENT']

/** Whether a failure to read the chain may be over by itself. */
export const isPassing = (error: unknown): boolean => error instanceof WorkerError && PASSING.includes(error.code)

/** Reads the chain up to the present as a node starts; what passes is tried again. @throws what does not pass, or lasts a minute */
export async function firstReading(advance: () => Promise<unknown>, log: Logger, pauseMs = PAUSE_MS): Promise<void> {
  const until = performance.now() + PATIENCE_MS
  for (;;) {
    try {
      await advance()
      return
    } catch (error) {
      if (!isPassing(error) || performance.now() > until) throw error
      log.warn('the chain could not be read; it is tried again', { error: asError(error).message })
      await sleep(pauseMs)
    }
  }
}
