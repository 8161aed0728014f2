import { existsSync, readdirSync, renameSync, statSync, statfsSync } from 'node:fs'
import { join } from 'node:path'
import { asError, printable } from '@enigma/protocol'
import { ClassicLevel } from 'classic-level'
import { WorkerError } from '../errors.ts'
import { CheckedLevel, isCorruption, type OnDamaged } from './checked-level.ts'
import { inChild } from './in-child.ts'
import { asideOf, checkFiles } from './level-files/file-check.ts'
import { markOpened, uncleanEnds } from './unclean-ends.ts'
import { requireSpace, type DiskWatch } from './write-guard.ts'

/**
 * One database per node: `DATA_DIR/db`. Sub-levels keep the parts apart; a batch over several of them is atomic. Every value
 * carries a checksum. docs/spec/storage.md
 */
export type Database = CheckedLevel

export interface DatabaseOptions {
  /** Told once of every value that was damaged. */
  readonly onDamaged?: OnDamaged
  /** Told in words of damage to the files, found at the start, and of what became of it. */
  readonly onRepaired?: (what: string) => void
  /** Told once when the disk begins to refuse what is written, with its reason, and once when it takes bytes again. */
  readonly onRefused?: (reason: string) => void
  readonly onTaken?: () => void
}

/** Read through whole at start, so that LevelDB's own damage is repaired before anybody needs the data; above it, at each read. */
const MAX_SCAN_BYTES = 64 * 1024 * 1024
/** Tables that are checked before LevelDB sees them: after a clean end, after another one, and after more of those. */
const CHECKED_BYTES = [MAX_SCAN_BYTES, 256 * 1024 * 1024, Infinity] as const
/** LevelDB reads 100 MiB/s and more in a process of its own; what takes longer is taken for whole. */
const READ_MS = 60_000
const REPAIR_MS = 3_600_000

const BYTES = { keyEncoding: 'view', valueEncoding: 'view' } as const
const ignore = (): void => undefined

/**
 * Opens the database, mends or repairs it if its files are damaged, and sets it aside for a new one if that is impossible: what it held
 * is fetched again, from the chain and from peers. Some damage makes LevelDB end the process instead of saying a word: tables are checked before it
 * sees them, and after two ends without a closing LevelDB first reads all in a process of its own.
 *
 * @throws STORE_LOCKED if another process has it; STORE_FAILED if the disk refuses.
 */
export async function openDatabase(
  path: string,
  { onDamaged = ignore, onRepaired = ignore, onRefused = ignore, onTaken = ignore }: DatabaseOptions = {}
): Promise<Database> {
  const watch: DiskWatch = { onRefused: error => onRefused(reasonOf(error)), onTaken }
  const ends = uncleanEnds(path)
  const isSuspect = ends >= CHECKED_BYTES.length - 1
  const open = async (): Promise<Database> => {
    if (isSuspect) await requireReadable(path)
    markOpened(path, isSuspect ? 1 : ends + 1)
    const db = new CheckedLevel(new ClassicLevel(path, BYTES), onDamaged, watch)
    await db.open()
    try {
      if (bytesIn(path) <= MAX_SCAN_BYTES) for await (const _ of db.keys()); // each is checked on the way
      return db
    } catch (error) {
      await db.close()
      throw error
    }
  }
  try {
    const maxBytes = CHECKED_BYTES[ends] ?? Infinity
    await checkFiles(path, { maxBytes, isStrict: isSuspect, told: onRepaired })
    return await open()
  } catch (error) {
    if (!isDamage(error)) throw failure(path, error)
    onRepaired(`${reasonOf(error)}: it is repaired from what its files still hold; what they were is in db/lost`)
  }
  try {
    await requireRoom(path)
    await inChild('repair', path, REPAIR_MS)
    return await open()
  } catch (error) {
    if (!isDamage(error)) throw failure(path, error)
    onRepaired(`${reasonOf(error)}: it is set aside as ${asideOf(path)}, and begun anew`)
  }
  try {
    renameSync(path, asideOf(path))
    return await open()
  } catch (error) {
    throw failure(path, error)
  }
}

/** @throws what LevelDB says, or that it ended the process over it; a process that cannot be had says nothing of the files */
async function requireReadable(path: string): Promise<void> {
  if (!existsSync(join(path, 'CURRENT'))) return
  await inChild('read', path, READ_MS).catch((error: unknown) => {
    if (codesOf(error).some(code => code.startsWith('LEVEL_'))) throw error
  })
}

/** LevelDB's repair writes all once more, and loses what it has no space for. @throws ENOSPC, or what the disk says */
async function requireRoom(path: string): Promise<void> {
  const { bavail, bsize } = statfsSync(path)
  if (bavail * bsize < bytesIn(path)) throw new Error('ENOSPC: a repair needs as much free space as the database has')
  await requireSpace(path)
}

const codesOf = (error: unknown): string[] => {
  const { code, cause } = (error ?? {}) as { code?: string; cause?: unknown }
  return [...(code === undefined ? [] : [code]), ...(cause === undefined ? [] : codesOf(cause))]
}
const deepest = (error: unknown): Error => {
  const { cause } = asError(error)
  return cause === undefined ? asError(error) : deepest(cause)
}

const reasonOf = (error: unknown): string => printable(deepest(error).message, 300)

/** Damage of the files themselves, or a file that is gone; not a disk that refuses. */
const isDamage = (error: unknown): boolean =>
  isCorruption(error) ||
  (codesOf(error).includes('LEVEL_IO_ERROR') && /no such file|not found/i.test(deepest(error).message))

function failure(path: string, error: unknown): WorkerError {
  if (codesOf(error).includes('LEVEL_LOCKED')) {
    return new WorkerError(
      { code: 'STORE_LOCKED', path },
      'Another process has the database of this data folder open.',
      {
        hint: 'One node per data folder: stop the other one, or give this one its own --data-dir.',
        cause: error
      }
    )
  }
  const reason = reasonOf(error)
  return new WorkerError({ code: 'STORE_FAILED', reason }, 'The database in the data folder cannot be opened.', {
    hint: 'Look at free space and permissions of the data folder; nothing in it was changed.',
    cause: error
  })
}

const bytesIn = (path: string): number =>
  readdirSync(path).reduce((sum, name) => sum + (statSync(join(path, name), { throwIfNoEntry: false })?.size ?? 0), 0)

/** A part of the database whose values are bytes. */
export const bytesPart = (db: Database, name: string) =>
  db.sublevel<string, Uint8Array>(name, { keyEncoding: 'utf8', valueEncoding: 'view' })
/** A part whose values are JSON: only plain data, hex for bytes, decimal strings for big integers. */
export const jsonPart = <T>(db: Database, name: string) =>
  db.sublevel<string, T>(name, { keyEncoding: 'utf8', valueEncoding: 'json' })

export type BytesPart = ReturnType<typeof bytesPart>
export type JsonPart<T> = ReturnType<typeof jsonPart<T>>

/** The part that a whole key belongs to, as `onDamaged` is told. */
export const partOf = (key: string): string => /^!([^!]*)!/.exec(key)?.[1] ?? ''

/** Numbers as keys sort as numbers. */
export const numberKey = (value: number): string => value.toString(16).padStart(14, '0')
