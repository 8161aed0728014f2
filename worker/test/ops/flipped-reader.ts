/**
 * `node flipped-reader.ts FOLDER...`: opens each store of known values, reads all of it and writes to it again; a line of JSON for each. A process of
 * its own, because LevelDB ends the whole process where a damaged block contradicts what it takes for granted.
 */
import { bytesPart, openDatabase } from '../../src/ops/database.ts'
import { missing } from './known-values.ts'

for (const folder of process.argv.slice(2)) {
  let noticed = false
  const db = await openDatabase(folder, { onDamaged: () => (noticed = true) })
  const error = await missing(db).then(
    gone => void (noticed ||= gone > 0),
    (thrown: Error) => thrown.message
  )
  await bytesPart(db, 'things').put('after', Uint8Array.of(1))
  await db.close()
  process.stdout.write(`${JSON.stringify({ noticed, error })}\n`)
}
