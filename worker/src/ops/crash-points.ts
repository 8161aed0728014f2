import { closeSync, existsSync, fsyncSync, openSync } from 'node:fs'
import { join } from 'node:path'

/** R8's persistence points. */
export const CRASH_POINTS = [
  'envelope',
  'accepted',
  'sealed-run',
  'signed-transaction',
  'inclusion',
  'released'
] as const
/** And that of R10: a task of another seat is to be run again, because nobody hands out what its receipt stands for. */
export type CrashPoint = (typeof CRASH_POINTS)[number] | 'rebuilding'

/** Told right after something was persisted. */
export type ReachPoint = (point: CrashPoint) => void

/**
 * For tests that kill a worker: with ENIGMA_CRASH_AT=<point> the process ends by SIGKILL the first time it gets there.
 * A marker in the data folder lets the restarted worker go on.
 */
export function crashPoints(dataDir: string, wanted: string | undefined): ReachPoint {
  if (!wanted) return () => undefined
  const marker = join(dataDir, `crashed-at-${wanted.replace(/[^a-z-]/g, '')}`)
  return point => {
    if (point !== wanted || existsSync(marker)) return
    const file = openSync(marker, 'wx', 0o600)
    fsyncSync(file)
    closeSync(file)
    process.kill(process.pid, 'SIGKILL')
  }
}
