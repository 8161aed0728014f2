import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { goneIs } from '../files.ts'
import { commitsOf } from './log-format.ts'
import { Varints } from './varints.ts'

/**
 * The numbers of the tables that a database consists of. Others are left from a compaction that was interrupted: half written perhaps, and never
 * read. Null if that cannot be told. The manifest is a log of changes: https://github.com/google/leveldb/blob/1.20/db/version_edit.cc
 */
export async function liveTables(path: string): Promise<ReadonlySet<number> | null> {
  const current = await readFile(join(path, 'CURRENT'), 'latin1').catch(goneIs(''))
  if (!/^MANIFEST-\d+\n$/.test(current)) return null
  const manifest = await readFile(join(path, current.trim())).catch(goneIs(null))
  const live = new Set<number>()
  for (const change of (manifest && commitsOf(manifest)) ?? [NOTHING]) if (!apply(change, live)) return null
  return live
}

const NOTHING = new Uint8Array()

/** False if it is no change. */
function apply(change: Uint8Array, live: Set<number>): boolean {
  const read = new Varints(change)
  const skip = (): void => {
    const length = read.next()
    read.at += length
  }
  while (read.at < change.length) {
    const tag = read.next()
    if (tag === 1) skip()
    else if ([2, 3, 4, 9].includes(tag)) read.next()
    else if (tag === 5) {
      read.next()
      skip()
    } else if (tag === 6) {
      read.next()
      live.delete(read.next())
    } else if (tag === 7) {
      read.next()
      live.add(read.next())
      read.next()
      skip()
      skip()
    } else return false
  }
  return change.length > 0 && read.at === change.length
}
