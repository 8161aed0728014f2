import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { identify, isAlive, type ProcessId } from './process-id.ts'

/** One file for each port that a devnet of this machine keeps, also while nobody listens on it; in it, which process it is. */
const FOLDER = join(tmpdir(), 'enigma-devnet-ports')

const own = new Set<string>()
process.on('exit', () => {
  for (const file of own) rmSync(file, { force: true })
})

/**
 * Keeps a port for this process until it ends. Between looking whether a port is free and listening on it there is time, and a node
 * that is down listens on nothing: without a word between them two networks may choose the same one.
 *
 * @returns false if another process keeps it. Where nothing can be written, nobody can say so, and it is true.
 */
export function claimPort(port: number, folder = FOLDER): boolean {
  const file = join(folder, String(port))
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    writeFileSync(file, JSON.stringify(identify(process.pid)), { flag: 'wx', mode: 0o600 })
    own.add(file)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') return true
  }
  if (!isKept(file)) rmSync(file, { force: true }) // for whoever comes next: this process chooses another one
  return false
}

function isKept(file: string): boolean {
  try {
    return isAlive(JSON.parse(readFileSync(file, 'utf8')) as ProcessId)
  } catch {
    return false // not written in full, or gone
  }
}
