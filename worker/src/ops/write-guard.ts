import { open, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { asError } from '@enigma/protocol'
import type { ClassicLevel } from 'classic-level'

type Inner = ClassicLevel<Uint8Array, Uint8Array>

/** Told once when the disk begins to refuse what is written, and once when it takes bytes again. */
export interface DiskWatch {
  onRefused(error: unknown): void
  onTaken(): void
}

/** While a disk refuses, it is tried again so often at most. */
const PAUSE_MS = 250
/** Beside its log, LevelDB writes a manifest and part of a table when it opens. */
const OPENING_BYTES = 256 * 1024

const isRefusal = (error: unknown): boolean => {
  const { code, cause } = (error ?? {}) as { code?: unknown; cause?: unknown }
  return code === 'LEVEL_IO_ERROR' || (cause !== undefined && isRefusal(cause))
}

/**
 * Keeps acknowledged writes safe from a disk that refused one. LevelDB may leave half a record in its log then, and goes on behind it
 * as soon as there is space: all of that would be gone at the next start. So after a refusal nothing is written before the disk takes
 * bytes again and the database was opened anew, which begins another log. Until then every write fails, and what is there is read.
 * docs/spec/storage.md
 */
export class WriteGuard {
  readonly #inner: Inner
  readonly #watch: DiskWatch
  #refusals = 0
  #refused: Error | null = null
  #mending: Promise<void> | null = null
  /** Set while the database is closed on purpose. */
  #reopening: Promise<void> | null = null
  #triedAt = -Infinity

  constructor(inner: Inner, watch: DiskWatch) {
    this.#inner = inner
    this.#watch = watch
  }

  /** Waits while the database is being opened anew. @throws what the disk says if that failed and fails again */
  async readable(): Promise<void> {
    if (this.#refused === null) return
    if (this.#reopening) await this.#reopening.catch(() => undefined)
    if (this.#inner.status !== 'open') await this.#mended()
  }

  /** @throws what the disk says; then nothing may be thought written, even if LevelDB had said so */
  async write(work: () => Promise<void>): Promise<void> {
    if (this.#refused !== null) await this.#mended()
    const before = this.#refusals
    try {
      await work()
    } catch (error) {
      if (isRefusal(error)) {
        this.#refusals += 1
        const isFirst = this.#refused === null
        this.#refused = asError(error)
        if (isFirst) this.#watch.onRefused(error)
      }
      throw error
    }
    if (this.#refusals !== before) throw this.#refused ?? new Error('a write beside this one failed')
  }

  #mended(): Promise<void> {
    return (this.#mending ??= this.#mend().finally(() => (this.#mending = null)))
  }

  async #mend(): Promise<void> {
    const now = performance.now()
    if (now - this.#triedAt < PAUSE_MS) throw this.#refused!
    this.#triedAt = now
    await requireSpace(this.#inner.location)
    this.#reopening = this.#reopen().finally(() => (this.#reopening = null))
    await this.#reopening
    this.#refused = null
    this.#watch.onTaken()
  }

  async #reopen(): Promise<void> {
    await this.#inner.close()
    await this.#inner.open()
  }
}

/** What opening needs, written and synced beside the database: closing it is not risked for a disk that still refuses. */
export async function requireSpace(path: string): Promise<void> {
  const names = (await readdir(path)).filter(name => name.endsWith('.log'))
  const sizes = await Promise.all(names.map(async name => (await stat(join(path, name))).size))
  const bytes = sizes.reduce((sum, size) => sum + size, OPENING_BYTES)
  const probe = `${path}.probe`
  const file = await open(probe, 'w')
  try {
    await file.writeFile(new Uint8Array(bytes))
    await file.sync()
  } finally {
    await file.close()
    await rm(probe, { force: true })
  }
}
