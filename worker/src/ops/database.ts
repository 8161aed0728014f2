import { Level } from 'level'

/** One database per node: `DATA_DIR/db`. Sub-levels keep the parts apart; a batch over several of them is atomic. */
export type Database = Level<string, Uint8Array>
export const openDatabase = async (path: string): Promise<Database> => {
  const db = new Level<string, Uint8Array>(path, { keyEncoding: 'utf8', valueEncoding: 'view' })
  await db.open()
  return db
}

/** A part of the database whose values are bytes. */
export const bytesPart = (db: Database, name: string) =>
  db.sublevel<string, Uint8Array>(name, { keyEncoding: 'utf8', valueEncoding: 'view' })
/** A part whose values are JSON: only plain data, hex for bytes, decimal strings for big integers. */
export const jsonPart = <T>(db: Database, name: string) =>
  db.sublevel<string, T>(name, { keyEncoding: 'utf8', valueEncoding: 'json' })

export type BytesPart = ReturnType<typeof bytesPart>
export type JsonPart<T> = ReturnType<typeof jsonPart<T>>

/** Numbers as keys sort as numbers. */
export const numberKey = (value: number): string => value.toString(16).padStart(14, '0')
