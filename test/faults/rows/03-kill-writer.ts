import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { bytesPart, openDatabase } from '@enigma/worker/testing'
import { must, type Row } from '../row.ts'

const WRITER = join(import.meta.dirname, '../support/db-writer.ts')

/** A process that writes synced batches dies at any instant; whatever it had acknowledged is there when the store is opened. */
export const row: Row = {
  number: 3,
  name: 'kill -9 the database writer',
  lane: 'parts',
  times: { core: 2, full: 20, campaign: 1_000 },
  async run({ random, times }) {
    const folder = mkdtempSync(join(tmpdir(), 'enigma-kill-'))
    let acked = 0
    let slowestMs = 0
    try {
      for (let cycle = 0; cycle < times; cycle++) {
        const child = spawn(process.execPath, [WRITER, folder, String(acked)], { stdio: ['ignore', 'pipe', 'inherit'] })
        const gone = new Promise(resolve => child.once('exit', resolve))
        const lines = createInterface({ input: child.stdout })
        const first = new Promise(resolve => lines.once('line', resolve))
        lines.on('line', line => (acked = Math.max(acked, Number(line))))
        await first
        await sleep(random.below(150))
        child.kill('SIGKILL')
        await gone
        await new Promise(resolve => setImmediate(resolve)) // what it had said is read first

        const started = performance.now()
        const db = await openDatabase(folder)
        slowestMs = Math.max(slowestMs, performance.now() - started)
        const part = bytesPart(db, 'acked')
        for (let i = Math.max(0, acked - 2_000); i < acked; i++) {
          const found = await part.get(String(i))
          must(found !== undefined && Buffer.from(found).toString() === `value ${i}`, `write ${i} of ${acked} is lost`)
        }
        await db.close()
      }
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
    must(acked > times, `only ${acked} writes were acknowledged`)
    return `lost 0 of ${acked} acknowledged writes; open in ${slowestMs.toFixed(0)} ms at most`
  }
}
