import { existsSync, globSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { ClientStorage } from 'enigma-js'
import { readText, writePrivate } from './json-file.ts'

/**
 * The client's storage as one file per key under a folder: content keys of this user's tasks, readable by this user alone. Several
 * commands may run at once.
 */
export function fileStorage(folder: string): ClientStorage {
  const pathOf = (key: string): string => {
    const parts = key.split('/')
    if (!parts.every(part => /^\w[\w.-]*$/.test(part))) throw new Error('not a key of the client')
    return `${join(folder, ...parts)}.json`
  }
  return {
    get: key => Promise.resolve(readText(pathOf(key))),
    set: (key, value) => Promise.resolve(writePrivate(pathOf(key), value)),
    delete: key => Promise.resolve(rmSync(pathOf(key), { force: true })),
    list(prefix) {
      if (!existsSync(folder)) return Promise.resolve([])
      const keys = globSync('**/*.json', { cwd: folder }).map(path =>
        path.slice(0, -'.json'.length).replaceAll('\\', '/')
      )
      return Promise.resolve(keys.filter(key => key.startsWith(prefix)))
    }
  }
}
