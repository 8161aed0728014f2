/**
 * Where the client keeps what it must not forget: content keys of its tasks, so that a reloaded page can read its answers.
 * Whoever reads this storage can read the answers too.
 */
export interface ClientStorage {
  get(key: string): Promise<string | null>
  set(key: string, value: string): Promise<void>
  delete(key: string): Promise<void>
  /** All keys that begin with `prefix`. */
  list(prefix: string): Promise<string[]>
}

/** Forgets everything when the process ends. */
export function memoryStorage(): ClientStorage {
  const values = new Map<string, string>()
  return {
    get: key => Promise.resolve(values.get(key) ?? null),
    set: (key, value) => Promise.resolve(void values.set(key, value)),
    delete: key => Promise.resolve(void values.delete(key)),
    list: prefix => Promise.resolve([...values.keys()].filter(key => key.startsWith(prefix)))
  }
}

/** What of `window.localStorage` is used here. */
export type WebStorage = Pick<Storage, 'getItem' | 'setItem' | 'removeItem' | 'key' | 'length'>

export function webStorage(store: WebStorage): ClientStorage {
  return {
    get: key => Promise.resolve(store.getItem(key)),
    set: (key, value) => Promise.resolve(store.setItem(key, value)),
    delete: key => Promise.resolve(store.removeItem(key)),
    list: prefix => {
      const keys = Array.from({ length: store.length }, (_, index) => store.key(index))
      return Promise.resolve(keys.filter((key): key is string => key?.startsWith(prefix) ?? false))
    }
  }
}

/** localStorage in a page that has it; memory elsewhere. */
export function defaultStorage(): ClientStorage {
  try {
    const scope = globalThis as { document?: unknown; localStorage?: WebStorage }
    if (scope.document !== undefined && scope.localStorage !== undefined) return webStorage(scope.localStorage)
  } catch {
    // the page may not use storage (private window, sandboxed frame)
  }
  return memoryStorage()
}
