/**
 * `node database-child.ts (read|repair) FOLDER`: does that to a database, and ends with 0 if it is done; with whoever started it, too, so that
 * nothing keeps the lock. It loads nothing but LevelDB, so that it is there in a moment.
 */
import { ClassicLevel } from 'classic-level'

const VIEW = { keyEncoding: 'view', valueEncoding: 'view' } as const
/** Behind all keys: those are text. */
const END = Uint8Array.of(255)

export const WORK = {
  async read(path: string): Promise<void> {
    const db = new ClassicLevel<Uint8Array, Uint8Array>(path, { createIfMissing: false, ...VIEW })
    await db.open()
    for await (const _ of db.iterator({ fillCache: false }));
    await db.close()
  },
  /**
   * LevelDB takes for newer then whatever is in a table of a higher number, also what a compaction had copied there: an older value would be read.
   * All is brought in order by one more compaction.
   */
  async repair(path: string): Promise<void> {
    await ClassicLevel.repair(path)
    const db = new ClassicLevel<Uint8Array, Uint8Array>(path, VIEW)
    await db.open()
    await db.compactRange(new Uint8Array(), END)
    await db.close()
  }
}

/** LevelDB's own code and words. */
function explain(error: unknown): string {
  const { code, cause, message } = error as { code?: string; cause?: unknown; message?: string }
  return cause === undefined ? `${code} ${message}` : explain(cause)
}

if (import.meta.main) {
  process.stdin.on('end', () => process.exit(2)).resume()
  const [, , work, path = ''] = process.argv
  try {
    await WORK[work as keyof typeof WORK](path)
    process.exit(0)
  } catch (error) {
    process.stderr.write(explain(error), () => process.exit(1))
  }
}
