import { existsSync, readdirSync, renameSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { asError, printable } from '@enigma/protocol'
import { ClassicLevel } from 'classic-level'
import { WorkerError } from '../errors.ts'
import { CheckedLevel, isCorruption, type OnDamaged } from './checked-level.ts'

/**
 * One database per node: `DATA_DIR/db`. Sub-levels keep the parts apart; a batch over several of them is atomic. Every value
 * carries a checksum. docs/spec/storage.md
 */
export type Database = CheckedLevel

export interface DatabaseOptions {
  /** Told once of every value that was damaged, and of a repair of the whole. */
  readonly onDamaged?: OnDamaged
}

/** Read through whole at start, so that LevelDB's own damage is repaired before anybody needs the data; above it, at each read. */
const MAX_SCAN_BYTES = 64 * 1024 * 1024

/**
 * Opens the database, repairs it if its files are damaged, and sets it aside for a new one if that is impossible: what it held
 * is fetched again, from the chain and from peers.
 *
 * @throws STORE_LOCKED if another process has it; STORE_FAILED if the disk refuses.
 */
export async function openDatabase(
  path: string,
  { onDamaged = () => undefined }: DatabaseOptions = {}
): Promise<Database> {
  const open = async (): Promise<Database> => {
    const db = new CheckedLevel(new ClassicLevel(path, { keyEncoding: 'view', valueEncoding: 'view' }), onDamaged)
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
    return await open()
  } catch (error) {
    if (!isDamage(error)) throw failure(path, error)
  }
  onDamaged('the whole database: it is repaired')
  try {
    await ClassicLevel.repair(path)
    return await open()
  } catch (error) {
    if (!isDamage(error)) throw failure(path, error)
  }
  onDamaged('the whole database: it is set aside, and begun anew')
  try {
    setAside(path)
    return await open()
  } catch (error) {
    throw failure(path, error)
  }
}

const codesOf = (error: unknown): string[] => {
  const { code, cause } = (error ?? {}) as { code?: string; cause?: unknown }
  return [...(code === undefined ? [] : [code]), ...(cause === undefined ? [] : codesOf(cause))]
}
const deepest = (error: unknown): Error => {
  const { cause } = asError(error)
  return cause === undefined ? asError(error) : deepest(cause)
}

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
  const reason = printable(deepest(error).message)
  return new WorkerError({ code: 'STORE_FAILED', reason }, 'The database in the data folder cannot be opened.', {
    hint: 'Look at free space and permissions of the data folder; nothing in it was changed.',
    cause: error
  })
}

function setAside(path: string): void {
  let number = 1
  while (existsSync(`${path}.damaged-${number}`)) number += 1
  renameSync(path, `${path}.damaged-${number}`)
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
