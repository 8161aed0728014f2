/**
 * `node flipped-reader.ts FOLDER...`: opens each store of known values, reads all of it and writes to it again; a line of JSON for each. A process of
 * its own, because LevelDB ends the whole process where a damaged block contradicts what it takes for granted.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { bytesPart, openDatabase } from '../../src/ops/database.ts'
import { missing } from './known-values.ts'

export interface Read {
  readonly repairs: readonly string[]
  readonly damaged: number
  readonly gone: number
  readonly error?: string
}

/** What reading each store came to. @throws if the process ends over one of them */
export async function readApart(paths: readonly string[]): Promise<Read[]> {
  const child = spawn(process.execPath, [import.meta.filename, ...paths], { stdio: ['ignore', 'pipe', 'pipe'] })
  const exit = once(child, 'close') as Promise<[number | null, string | null]>
  const [said, complaint, [code, signal]] = await Promise.all([text(child.stdout), text(child.stderr), exit])
  const read = said.split('\n').filter(Boolean).map(line => JSON.parse(line) as Read) // prettier-ignore
  if (code !== 0) throw new Error(`ended with ${signal ?? code} over store ${read.length}: ${complaint}`)
  return read
}

if (import.meta.main) {
  for (const folder of process.argv.slice(2)) {
    const repairs: string[] = []
    let damaged = 0
    const db = await openDatabase(folder, { onDamaged: () => damaged++, onRepaired: what => repairs.push(what) })
    const read = await missing(db).then(
      gone => ({ gone }),
      (thrown: Error) => ({ gone: 0, error: thrown.message })
    )
    const part = bytesPart(db, 'things')
    await part.put('after', Uint8Array.of(1))
    await part.del('after')
    await db.close()
    process.stdout.write(`${JSON.stringify({ ...read, repairs, damaged })}\n`)
  }
}
