import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { WorkerError } from '../errors.ts'

/** DATA_DIR/{db,sealed,logs}, readable by its owner alone, with a record of its layout's version. */
export interface DataDir {
  readonly path: string
  readonly db: string
  readonly sealed: string
  readonly logs: string
  readonly peerIdentity: string // file of the libp2p key
  readonly managementToken: string // file
}

/** 2: every stored value carries a checksum. */
const SCHEMA = 2

/** @throws WORKER_DATA_DIR if a later version made it, or it cannot be made. */
export function openDataDir(path: string): DataDir {
  const dir: DataDir = {
    path,
    db: join(path, 'db'),
    sealed: join(path, 'sealed'),
    logs: join(path, 'logs'),
    peerIdentity: join(path, 'peer.key'),
    managementToken: join(path, 'mgmt.token')
  }
  try {
    for (const folder of [path, dir.db, dir.sealed, dir.logs]) {
      mkdirSync(folder, { recursive: true, mode: 0o700 })
      chmodSync(folder, 0o700)
    }
  } catch (cause) {
    throw new WorkerError({ code: 'WORKER_DATA_DIR', path }, `The data folder ${path} cannot be made.`, { cause })
  }
  const file = join(path, 'schema')
  if (!existsSync(file)) writeFileSync(file, `${SCHEMA}\n`, { mode: 0o600 })
  const found = Number(readFileSync(file, 'utf8').trim())
  if (found === SCHEMA) return dir
  throw new WorkerError(
    { code: 'WORKER_DATA_DIR', path },
    `The data folder ${path} has layout ${found}; this program knows layout ${SCHEMA}.`,
    { hint: 'Use the version of the program that made it, or another data folder.' }
  )
}

export interface Runtime {
  readonly pid: number
  readonly httpUrl: string
  readonly multiaddrs: readonly string[]
}

const runtimeFile = (dir: DataDir): string => join(dir.path, 'runtime.json')

/** Says where this process listens; whole at once, since others wait for it. */
export function writeRuntime(dir: DataDir, runtime: Runtime): void {
  const file = runtimeFile(dir)
  writeFileSync(`${file}.new`, `${JSON.stringify(runtime, null, 2)}\n`, { mode: 0o600 })
  renameSync(`${file}.new`, file)
}
export const removeRuntime = (dir: DataDir): void => rmSync(runtimeFile(dir), { force: true })
