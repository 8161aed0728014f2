import {
  closeSync,
  cpSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeSync
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Random } from '@enigma/faults'
import { inChild, shortenKey } from '@enigma/worker/testing'

export interface Damage {
  /** File and byte, for whoever repeats it. */
  readonly where: string
  /** Entries that may hang on it: none on a single bit, otherwise those that a table packs together. */
  readonly most: number
}

const TABLE_ENTRIES = 16

/** Of the tables, logs and manifests of a database, the larger the likelier. */
function anyFile(db: string, random: Random): string {
  const files = readdirSync(db).filter(name => /\.(ldb|log)$|^MANIFEST/.test(name))
  const sizes = files.map(name => statSync(join(db, name)).size)
  let at = random.below(sizes.reduce((sum, size) => sum + size, 0))
  return files[sizes.findIndex(size => (at -= size) < 0)]!
}

/** Flips one bit of a database that nobody has open, anywhere in its tables, logs and manifest. */
export function flipAnyBit(db: string, random: Random): Damage {
  const name = anyFile(db, random)
  const at = random.below(statSync(join(db, name)).size)
  change(join(db, name), at, byte => byte ^ (1 << random.below(8)))
  return { where: `byte ${at} of ${name}`, most: 0 }
}

/** Over which LevelDB ends every process that reads it. Null without a table that has such a place. */
export function shortenAnyKey(db: string, random: Random): Damage | null {
  const where = shortenKey(db, below => random.below(below))
  return where === null ? null : { where, most: TABLE_ENTRIES }
}

/** Whether LevelDB, left to itself, ends a process over this database. */
export async function endsLevelDb(db: string): Promise<boolean> {
  const copy = mkdtempSync(join(tmpdir(), 'enigma-damage-'))
  try {
    cpSync(db, copy, { recursive: true })
    return await inChild('read', copy, 60_000).then(
      () => false,
      (error: Error) => error.message.includes('ended by SIGABRT')
    )
  } finally {
    rmSync(copy, { recursive: true, force: true })
  }
}

function change(file: string, at: number, to: (byte: number) => number): void {
  const byte = readFileSync(file)[at]!
  const opened = openSync(file, 'r+')
  writeSync(opened, Uint8Array.of(to(byte)), 0, 1, at)
  closeSync(opened)
}
