import { chmodSync, readFileSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { randomBytes, toHex } from '@enigma/protocol'
import { enclaveError } from '../errors.ts'

const TEMPORARY = '.tmp'

/** A folder of small files, for its owner only; each write replaces a file whole or not at all, also in a power cut. */
export interface FileFolder {
  names(): string[]
  /** Undefined if there is no such file. @throws ENCLAVE_SEAL_IO */
  read(name: string): Uint8Array | undefined
  /** Resolves once the bytes and their name are on disk. @throws ENCLAVE_SEAL_IO */
  write(name: string, bytes: Uint8Array): Promise<void>
}

/** @throws ENCLAVE_SEAL_IO */
export function openFolder(path: string): FileFolder {
  guarded('open', () => {
    if ((statSync(path).mode & 0o777) !== 0o700) chmodSync(path, 0o700)
    for (const name of readdirSync(path)) if (name.endsWith(TEMPORARY)) rmSync(join(path, name)) // of a crash
  })
  return {
    names: () => guarded('list', () => readdirSync(path)),
    read(name) {
      return guarded('read', () => {
        try {
          return new Uint8Array(readFileSync(join(path, name)))
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
          throw error
        }
      })
    },
    async write(name, bytes) {
      try {
        const temporary = join(path, `${name}.${toHex(randomBytes(6)).slice(2)}${TEMPORARY}`)
        await synced(temporary, 'wx', bytes)
        renameSync(temporary, join(path, name))
        await synced(path, 'r') // the folder, which holds the name
      } catch (error) {
        throw ioError('write', error)
      }
    }
  }
}

/** Node's permission model denies `fs.fsync`, but not the `sync` of a file handle: that is why writing is asynchronous. */
async function synced(path: string, flags: string, bytes?: Uint8Array): Promise<void> {
  const handle = await open(path, flags, 0o600)
  try {
    if (bytes) await handle.writeFile(bytes)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

function guarded<T>(doing: string, act: () => T): T {
  try {
    return act()
  } catch (error) {
    throw ioError(doing, error)
  }
}

/** Errors of the file system cross the boundary as their code only. */
function ioError(doing: string, error: unknown): Error {
  const code = (error as NodeJS.ErrnoException).code ?? 'unknown'
  return enclaveError('ENCLAVE_SEAL_IO', `The sealed folder could not be used (${doing}: ${code}).`, error)
}
