/**
 * `node limited-writer.ts FOLDER ROUNDS`: writes synced values while the system lets its files grow, and does not, in turn (RLIMIT_FSIZE: a
 * write is cut short and the next one fails, as on a full disk). Prints which were acknowledged, how many were refused and
 * what the database told of its disk; ends without closing it.
 */
import { execFileSync } from 'node:child_process'
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { bytesPart, openDatabase } from '../../src/ops/database.ts'

const [folder = '', rounds = '3'] = process.argv.slice(2)
const limit = (bytes: string): void =>
  void execFileSync('prlimit', ['--pid', String(process.pid), `--fsize=${bytes}:unlimited`])
const logBytes = (): number =>
  Math.max(
    ...readdirSync(folder)
      .filter(name => name.endsWith('.log'))
      .map(name => statSync(join(folder, name)).size)
  )

const told: string[] = []
const db = await openDatabase(folder, { onRefused: reason => told.push(reason), onTaken: () => told.push('taken') })
const part = bytesPart(db, 'things')
const acked: string[] = []
let [next, refused, unread] = [0, 0, 0]
async function write(): Promise<boolean> {
  const key = `k${next++}`
  try {
    await db
      .batch()
      .put(key, Buffer.alloc(700, key), { sublevel: part })
      .write({ sync: true } as object)
    acked.push(key)
    return true
  } catch {
    refused += 1
    return false
  }
}
for (let round = 0; round < Number(rounds); round++) {
  for (let i = 0; i < 5; i++) await write()
  const walk = part.keys()
  await walk.next()
  limit(String(logBytes() + 1_000)) // one more fits, and a part of the next one
  for (let i = 0; i < 5; i++) await write()
  for (const key of acked) if ((await part.get(key)) === undefined) unread += 1
  limit('unlimited')
  while (!(await write())) await sleep(50)
  await walk.all() // goes on, although the database was opened anew under it
}
process.stdout.write(JSON.stringify({ acked, refused, unread, told }), () => process.exit())
