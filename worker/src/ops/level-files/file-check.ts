import { existsSync } from 'node:fs'
import { copyFile, mkdir, open, readFile, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { goneIs, isUnreadable, linkOrCopy, readWhatCanBe } from '../files.ts'
import { logDamage } from './log-mending.ts'
import { liveTables } from './manifest.ts'
import { mendedTable, type MendedTable } from './table-mending.ts'

export interface FileCheck {
  /** Newest tables first, as many as this. */
  readonly maxBytes: number
  /** Mistrusts tables whose checksums are right, too. */
  readonly isStrict: boolean
  /** Told of each file that was mended. */
  readonly told: (what: string) => void
}

type Mended = Pick<MendedTable, 'bits' | 'damaged' | 'saved'>

/**
 * Looks at the logs and tables of a database before LevelDB does, and mends those that are damaged; what they were is kept beside the database.
 * Costs a reading of the files, at about 400 MiB/s of one core. Another process that has the database open is not disturbed: tables never change, and of a
 * log only what is damaged does.
 *
 * @throws what the disk says; then every file is as it was, or mended
 */
export async function checkFiles(path: string, { maxBytes, isStrict, told }: FileCheck): Promise<void> {
  let aside: string | null = null
  const folder = async (): Promise<string> => (aside ??= await makeAside(path))
  const tell = (name: string, { bits, damaged, saved }: Mended): void => {
    const lost = damaged > 0 ? `${damaged} damaged places with ${saved} records that can be read` : 'no other damage'
    told(`${name} had ${bits} flipped bits, which are set right, and ${lost}; what it was is in ${aside}`)
  }
  for (const name of await filesIn(path, /^(\d+\.log|MANIFEST-\d+)$/)) {
    const did = await mendLog(join(path, name), async () => join(await folder(), name))
    if (did) tell(name, did)
  }
  const live = await liveTables(path)
  let left = maxBytes
  for (const name of await filesIn(path, /^\d+\.(ldb|sst)$/)) {
    if (live && !live.has(parseInt(name, 10))) continue
    const found = await stat(join(path, name)).catch(goneIs(null))
    if (found === null) continue
    left -= found.size
    if (left < 0) return
    const did = await mendTable(join(path, name), isStrict, async () => join(await folder(), name))
    if (did) tell(name, did)
  }
}

/** A name beside the database that nothing has. */
export function asideOf(path: string): string {
  let number = 1
  while (existsSync(`${path}.damaged-${number}`)) number += 1
  return `${path}.damaged-${number}`
}

async function makeAside(path: string): Promise<string> {
  const aside = asideOf(path)
  await mkdir(aside, { mode: 0o700 })
  return aside
}

/** The newest first. */
async function filesIn(path: string, pattern: RegExp): Promise<string[]> {
  const names = (await readdir(path).catch(goneIs([]))).filter(name => pattern.test(name))
  return names.sort((a, b) => parseInt(b, 10) - parseInt(a, 10))
}

/**
 * In place: LevelDB, here or in another process, goes on behind the end of this file. A manifest is set right or left to LevelDB: what it is about
 * cannot be passed over.
 */
async function mendLog(file: string, aside: () => Promise<string>): Promise<Mended | null> {
  const log = await readFile(file).catch(goneIs(null)) // a few MiB: LevelDB begins another one then
  const { righted, damaged, patches } = logDamage(log ?? new Uint8Array())
  if (righted + damaged === 0 || (damaged > 0 && !file.endsWith('.log'))) return null
  await copyFile(file, await aside())
  const handle = await open(file, 'r+')
  try {
    for (const { at, bytes } of patches) await handle.write(bytes, 0, bytes.length, at)
    await handle.sync()
  } finally {
    await handle.close()
  }
  return { bits: righted, damaged, saved: 0 }
}

async function mendTable(file: string, isStrict: boolean, aside: () => Promise<string>): Promise<Mended | null> {
  const table = await readTable(file).catch(goneIs(null)) // a few MiB, too
  const mended = table && mendedTable(table, isStrict)
  if (!mended) return null
  const fresh = `${file}.mended`
  try {
    const handle = await open(fresh, 'w', 0o600)
    try {
      await handle.writeFile(mended.table)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await linkOrCopy(file, await aside())
    await rename(fresh, file)
  } catch (error) {
    await rm(fresh, { force: true })
    throw error
  }
  return mended
}

/** LevelDB maps tables into its memory: what the disk cannot read there ends the process. */
const readTable = (file: string): Promise<Uint8Array> =>
  readFile(file).catch((error: unknown) => {
    if (!isUnreadable(error)) throw error
    return readWhatCanBe(file)
  })
