import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Stands in the folder of a database while it is open, with the number of ends in a row that did not take it away; the last whole check is where
 * the row begins. LevelDB leaves names alone that it does not know.
 */
const MARK = 'OPENED'

/** 0 after a clean end, or before the first start. */
export function uncleanEnds(path: string): number {
  try {
    return Math.max(1, Number.parseInt(readFileSync(join(path, MARK), 'utf8'), 10) || 0)
  } catch {
    return 0
  }
}

/** Before it is opened. If the disk refuses, LevelDB says so next. */
export function markOpened(path: string, ends: number): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 })
    const file = openSync(join(path, MARK), 'w', 0o600)
    try {
      writeFileSync(file, `${ends}\n`)
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
  } catch {
    // a start without a mark is one that is checked less
  }
}

export function markClosed(path: string): void {
  try {
    rmSync(join(path, MARK), { force: true })
  } catch {
    // a disk that refuses: the next start checks once more than it had to
  }
}
