import { EnigmaError, asError } from '@enigma/protocol'
import { WorkerError } from '../errors.ts'
import type { Logger } from './log.ts'

/** 0: stopped as it should be. 1: a failure. 2: a wrong setting. 3: stopped, but something went on or broke on the way. */
export const EXIT = { clean: 0, failure: 1, settings: 2, forced: 3 } as const

export interface EndingParts {
  readonly log: Logger
  /** Stops everything, the database last. */
  readonly stops: {
    run(): Promise<{ readonly late: readonly string[]; readonly failed: readonly string[] }>
    running(): readonly string[]
  }
  readonly exit: (code: number) => void
  /** After this the process ends whatever is still running. */
  readonly limitMs?: number
}

const LIMIT_MS = 9_000

/** Text and code of an error for the log; the stack of one that nobody foresaw only for those who debug. */
export function explain(log: Logger, error: unknown): void {
  const failure = asError(error)
  const known = failure instanceof EnigmaError ? failure : null
  log.error(failure.message, { code: known?.code ?? 'INTERNAL', hint: known?.hint })
  if (!known && failure.stack) log.debug(failure.stack)
}

/**
 * Ends the process once, by its signal or by a failure. Exit code 0 means that everything stopped and the database was closed;
 * otherwise a line names what was still running.
 */
export function createEnding({ log, stops, exit, limitMs = LIMIT_MS }: EndingParts): (code: number) => void {
  let ending = false
  let worst = 0

  function leave(still: readonly string[], what: string): void {
    if (still.length > 0) {
      explain(log, new WorkerError({ code: 'WORKER_STOP_INCOMPLETE', running: still.join(', ') }, what))
      worst ||= EXIT.forced
    }
    exit(worst)
  }

  return code => {
    worst ||= code
    if (ending) return
    ending = true
    const force = setTimeout(() => {
      const still = stops.running()
      leave(
        still.length > 0 ? still : ['unknown'],
        `Stopped by force after ${limitMs} ms; still running: ${still.join(', ')}.`
      )
    }, limitMs)
    void stops.run().then(({ late, failed }) => {
      clearTimeout(force)
      const still = [...new Set([...late, ...failed])]
      leave(still, `Stopped, but not in order: ${still.join(', ')}.`)
    })
  }
}
