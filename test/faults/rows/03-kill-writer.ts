import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { bytesPart, openDatabase, until } from '@enigma/worker/testing'
import { must, type Row } from '../row.ts'

const WRITER = join(import.meta.dirname, '../support/db-writer.ts')

/** Values of one synced write: at campaign scale as many as a thousand cycles need for a million of them. */
const BATCH = { core: 10, full: 10, campaign: 20 } as const
/** What must have been acknowledged by then, or nothing was shown. */
const LEAST = { core: 20, full: 2_000, campaign: 1_000_000 } as const

/**
 * A process that writes synced batches dies at any instant; whatever it had acknowledged is there when the store is opened: all of it,
 * from the first write on, is read after each death.
 */
export const row: Row = {
  number: 3,
  name: 'kill -9 the database writer',
  lane: 'parts',
  times: { core: 2, full: 20, campaign: 1_000 },
  async run({ random, times, scale, say }) {
    const place = mkdtempSync(join(tmpdir(), 'enigma-kill-'))
    const [folder, acks] = [join(place, 'db'), join(place, 'acks')]
    writeFileSync(acks, '0\n')
    let [acked, read, slowestMs] = [0, 0, 0]
    const damages: string[] = []
    try {
      for (let cycle = 1; cycle <= times; cycle++) {
        const child = spawn(process.execPath, [WRITER, folder, String(acked), acks, String(BATCH[scale])], {
          stdio: ['ignore', 'inherit', 'inherit']
        })
        const gone = new Promise(resolve => child.once('exit', resolve))
        // The last cycle of a campaign goes on until there are enough.
        const least = cycle === times ? Math.max(acked + 1, scale === 'campaign' ? LEAST.campaign : 0) : acked + 1
        await until('the first of its writes', () => lastOf(acks) >= least, cycle === times ? 3_600_000 : 60_000)
        await sleep(random.below(150))
        child.kill('SIGKILL')
        await gone
        acked = lastOf(acks)

        const before = process.cpuUsage()
        const db = await openDatabase(folder, { onRepaired: what => void damages.push(what) })
        must(damages.length === 0, `a death was taken for damage: ${damages[0]}`)
        const { user, system } = process.cpuUsage(before)
        slowestMs = Math.max(slowestMs, (user + system) / 1_000)
        read += await requireAll(db, acked)
        await db.close()
        if (cycle % 50 === 0) say(`${acked} acknowledged after ${cycle} deaths`)
      }
    } finally {
      rmSync(place, { recursive: true, force: true })
    }
    must(times < row.times[scale] || acked >= LEAST[scale], `only ${acked} writes were acknowledged`)
    must(slowestMs < 2_000, `opening took ${slowestMs.toFixed(0)} ms of a processor`)
    return `lost 0 of ${acked} acknowledged writes, ${read} values read after ${times} deaths; open with ${slowestMs.toFixed(0)} ms of a processor at most`
  }
}

/** Reads all of them, in ranges. @throws with the first that is lost or wrong */
async function requireAll(db: Awaited<ReturnType<typeof openDatabase>>, acked: number): Promise<number> {
  const seen = new Uint8Array(acked)
  for await (const [key, value] of bytesPart(db, 'acked').iterator()) {
    const number = Number(key)
    must(Buffer.from(value).toString() === `value ${number}`, `write ${number} of ${acked} is wrong`)
    if (number < acked) seen[number] = 1 // what came after the last acknowledgement may be there, or not
  }
  const lost = seen.indexOf(0)
  must(lost === -1, `write ${lost} of ${acked} is lost`)
  return acked
}

/** The last number that was noted as a whole. */
const lastOf = (acks: string): number => Number(readFileSync(acks, 'utf8').split('\n').at(-2))
