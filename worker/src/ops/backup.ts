import { existsSync, readdirSync, realpathSync, statSync } from 'node:fs'
import { copyFile, mkdir, open, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, isAbsolute, join, relative } from 'node:path'
import { asError, printable, randomHash } from '@enigma/protocol'
import { WorkerError } from '../errors.ts'
import type { CheckedLevel } from './checked-level.ts'
import { goneIs, linkOrCopy } from './files.ts'

export interface BackupInit {
  /** The node's data folder, and its database in it. */
  readonly dataDir: string
  readonly db: Pick<CheckedLevel, 'paused'>
  /** Folder to make: an absolute path that does not exist, or an empty folder. */
  readonly target: string
  /** What the folder says of itself, in `backup.json`. */
  readonly facts: Readonly<Record<string, string | number>>
  readonly limits?: Partial<BackupLimits>
}

export interface BackupLimits {
  /** Writes wait no longer than this for one attempt; a compaction in the way costs another attempt. */
  readonly pauseMs: number
  readonly attempts: number
}

const LIMITS: BackupLimits = { pauseMs: 2_000, attempts: 5 }

export interface BackupResult {
  readonly target: string
  readonly files: number
  readonly bytes: number
  /** How long writes waited. */
  readonly pausedMs: number
}

const DB = 'db'
/** What a data folder has besides the database; logs and runtime.json are of no use to another process. */
const WHOLE_FOLDERS = ['sealed']
const FILES = ['schema', 'peer.key', 'mgmt.token', 'registration.json']

/**
 * Copies a data folder while its node runs. LevelDB's tables never change once they are written: they are linked, or copied, first;
 * then writes wait while the few files that do change follow. The copy counts only if no compaction came in between, and appears
 * under its name only when all of it is on disk.
 *
 * @throws BACKUP_TARGET, BACKUP_FAILED; then nothing is left at the target.
 */
export async function backUp({ dataDir, db, target, facts, limits }: BackupInit): Promise<BackupResult> {
  const { pauseMs, attempts } = { ...LIMITS, ...limits }
  requireTarget(dataDir, target)
  const partial = `${target}.${randomHash().slice(2, 10)}.partial` // nobody else's, whatever is there
  const from = join(dataDir, DB)
  const to = join(partial, DB)
  try {
    await mkdir(to, { recursive: true, mode: 0o700 })
    let pausedMs = 0
    for (let attempt = 1; ; attempt++) {
      await takeTables(from, to)
      const done = await db.paused(async () => {
        const begun = performance.now()
        const whole = await takeRest(dataDir, partial, begun + pauseMs)
        pausedMs += performance.now() - begun
        return whole
      })
      if (done) break
      if (attempt === attempts) throw new Error(`the database was busy ${attempts} times`)
    }
    const made = { ...facts, at: new Date().toISOString() }
    await writeFile(join(partial, 'backup.json'), `${JSON.stringify(made, null, 2)}\n`, { mode: 0o600 })
    const { files, bytes } = await syncAll(partial)
    await rename(partial, target)
    await syncFile(dirname(target))
    return { target, files, bytes, pausedMs: Math.ceil(pausedMs) }
  } catch (cause) {
    await rm(partial, { recursive: true, force: true })
    const reason = printable(asError(cause).message, 200)
    throw new WorkerError({ code: 'BACKUP_FAILED', reason }, `The backup failed: ${reason}.`, { cause })
  }
}

/** @throws BACKUP_TARGET */
function requireTarget(dataDir: string, target: string): void {
  const refuse = (why: string): never => {
    throw new WorkerError(
      { code: 'BACKUP_TARGET', path: target },
      `A backup cannot be made at ${printable(target)}: ${why}.`
    )
  }
  if (!isAbsolute(target) || target.includes('\0') || target.length > 4_000) return refuse('it is no absolute path')
  const parent = dirname(target)
  if (!existsSync(parent) || !statSync(parent).isDirectory()) return refuse('the folder it should be in does not exist')
  const inside = relative(realpathSync(dataDir), join(realpathSync(parent), 'x'))
  if (!inside.startsWith('..') && !isAbsolute(inside)) return refuse("it is inside the node's own data folder")
  if (!existsSync(target)) return
  if (!statSync(target).isDirectory() || readdirSync(target).length > 0) return refuse('something is there already')
}

const isTable = (name: string): boolean => /\.(ldb|sst)$/.test(name)

/** Tables that the copy lacks; one that a compaction removes meanwhile is not needed any more. */
async function takeTables(from: string, to: string): Promise<void> {
  const held = new Set(await readdir(to))
  for (const name of await readdir(from)) {
    if (isTable(name) && !held.has(name)) await linkOrCopy(join(from, name), join(to, name)).catch(goneIs(undefined))
  }
}

/** While writes wait. False if that took too long, or if LevelDB changed its files: it compacts whenever it likes. */
async function takeRest(dataDir: string, partial: string, until: number): Promise<boolean> {
  const from = join(dataDir, DB)
  const to = join(partial, DB)
  const before = await versionOf(from)
  await takeTables(from, to)
  for (const name of await readdir(to)) if (!isTable(name)) await rm(join(to, name))
  for (const name of await readdir(from)) {
    if (name === 'LOCK' || name.startsWith('LOG') || isTable(name)) continue
    if (performance.now() > until) return false
    await copyFile(join(from, name), join(to, name)).catch(goneIs(undefined))
  }
  for (const folder of WHOLE_FOLDERS) await takeFolder(join(dataDir, folder), join(partial, folder))
  for (const name of FILES) await copyFile(join(dataDir, name), join(partial, name)).catch(goneIs(undefined))
  return before !== null && before === (await versionOf(from)) && performance.now() <= until
}

/** Changes with every change of the set of tables: the manifest is appended to, or another one begun. */
async function versionOf(db: string): Promise<string | null> {
  const manifest = await readFile(join(db, 'CURRENT'), 'utf8').catch(goneIs(null))
  if (manifest === null) return null
  const found = await stat(join(db, manifest.trim())).catch(goneIs(null))
  return found && `${manifest} ${found.size}`
}

/** Files that are replaced whole: whatever is renamed into place meanwhile is there before or after. */
async function takeFolder(from: string, to: string): Promise<void> {
  await rm(to, { recursive: true, force: true })
  await mkdir(to, { mode: 0o700 })
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, copy] = [join(from, entry.name), join(to, entry.name)]
    if (entry.isDirectory()) await takeFolder(source, copy)
    else if (entry.isFile()) await copyFile(source, copy).catch(goneIs(undefined))
  }
}

async function syncAll(folder: string): Promise<{ files: number; bytes: number }> {
  let files = 0
  let bytes = 0
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    const within = entry.isDirectory() ? await syncAll(path) : { files: 1, bytes: await syncFile(path) }
    files += within.files
    bytes += within.bytes
  }
  await syncFile(folder)
  return { files, bytes }
}

async function syncFile(path: string): Promise<number> {
  const handle = await open(path, 'r')
  try {
    await handle.sync()
    return (await handle.stat()).size
  } finally {
    await handle.close()
  }
}
