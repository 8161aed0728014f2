import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { bytesPart, openDatabase, until } from '@enigma/worker/testing'
import { must, type Row } from '../row.ts'

const WRITER = join(import.meta.dirname, '../support/db-writer.ts')

/** A process that writes synced batches dies at any instant; whatever it had acknowledged is there when the store is opened. */
export const row: Row = {
  number: 3,
  name: 'kill -9 the database writer',
  lane: 'parts',
  times: { core: 2, full: 20, campaign: 1_000 },
  async run({ random, times }) {
    const place = mkdtempSync(join(tmpdir(), 'enigma-kill-'))
    const [folder, acks] = [join(place, 'db'), join(place, 'acks')]
    writeFileSync(acks, '0\n')
    let acked = 0
    let slowestMs = 0
    try {
      for (let cycle = 0; cycle < times; cycle++) {
        const child = spawn(process.execPath, [WRITER, folder, String(acked), acks], {
          stdio: ['ignore', 'inherit', 'inherit']
        })
        const gone = new Promise(resolve => child.once('exit', resolve))
        await until('the first of its writes', () => lastOf(acks) > acked, 60_000)
        await sleep(random.below(150))
        child.kill('SIGKILL')
        await gone
        acked = lastOf(acks)

        const before = process.cpuUsage()
        const db = await openDatabase(folder)
        const { user, system } = process.cpuUsage(before)
        slowestMs = Math.max(slowestMs, (user + system) / 1_000)
        const part = bytesPart(db, 'acked')
        for (let i = Math.max(0, acked - 2_000); i < acked; i++) {
          const found = await part.get(String(i))
          must(found !== undefined && Buffer.from(found).toString() === `value ${i}`, `write ${i} of ${acked} is lost`)
        }
        await db.close()
      }
    } finally {
      rmSync(place, { recursive: true, force: true })
    }
    must(acked > times, `only ${acked} writes were acknowledged`)
    must(slowestMs < 2_000, `opening took ${slowestMs.toFixed(0)} ms of a processor`)
    return `lost 0 of ${acked} acknowledged writes; open with ${slowestMs.toFixed(0)} ms of a processor at most`
  }
}

/** The last number that was noted as a whole. */
const lastOf = (acks: string): number => Number(readFileSync(acks, 'utf8').split('\n').at(-2))
