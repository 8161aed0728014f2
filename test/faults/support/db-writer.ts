/** `node db-writer.ts FOLDER FROM ACKS BATCH`: writes synced batches of values for ever, and notes in a file how many are acknowledged. */
import { openSync, writeSync } from 'node:fs'
import { bytesPart, openDatabase } from '@enigma/worker/testing'

const [folder = '', from = '0', acks = '', size = '10'] = process.argv.slice(2)
const noted = openSync(acks, 'a')
const db = await openDatabase(folder)
const part = bytesPart(db, 'acked')
for (let next = Number(from); ;) {
  const batch = db.batch()
  for (let i = 0; i < Number(size); i++, next++)
    batch.put(String(next), Buffer.from(`value ${next}`), { sublevel: part })
  await batch.write({ sync: true } as object)
  writeSync(noted, `${next}\n`)
}
