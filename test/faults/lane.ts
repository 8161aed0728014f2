/** `node test/faults/lane.ts ROWS SCALE SEED FOLDER [TIMES]`: runs rows in this process; one line of JSON per result on fd 3. */
import { writeSync } from 'node:fs'
import { randomOf } from '@enigma/faults'
import { allRows } from './catalogue.ts'
import type { Result } from './results.ts'
import type { Row, RowContext, Scale } from './row.ts'
import { forRow, startFaultNet, type FaultNet } from './support/fault-net.ts'

const [numbers = '', scale = 'core', seedText = '1', folder = '', timesText] = process.argv.slice(2)
const wanted = numbers.split(',').map(Number)
const seed = Number(seedText)
/** Rows of one network at once: each borrows one node at most, and one of the three workers is well. */
const atOnce = 2

const report = (result: Result): void => void writeSync(3, `${JSON.stringify(result)}\n`)

let net: Promise<FaultNet> | undefined
const network = (namespaces: boolean): Promise<FaultNet> => (net ??= startFaultNet({ folder, namespaces }))

async function runRow(row: Row): Promise<void> {
  const started = performance.now()
  const say = (text: string): void => console.error(`row ${row.number}: ${text}`)
  const times = timesText === undefined ? row.times[scale as Scale] : Number(timesText)
  let end = (): Promise<void> => Promise.resolve()
  const context: RowContext = {
    scale: scale as Scale,
    times,
    random: randomOf(seed).fork(`row ${row.number}`),
    async network() {
      const its = forRow(await network(row.lane === 'netns'))
      end = its.end
      return its.net
    },
    say
  }
  const about = { number: row.number, name: row.name, times }
  try {
    const figure = await row.run(context)
    report({ ...about, ok: true, figure, ms: performance.now() - started })
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error)
    say(error instanceof Error ? (error.stack ?? text) : text)
    report({ ...about, ok: false, figure: text.split('\n', 1)[0]!.slice(0, 400), ms: performance.now() - started })
  } finally {
    await end().catch((error: unknown) => say(`its end: ${String(error)}`))
  }
}

/** Starts rows in order as soon as nothing they use is in use. */
async function runAll(rows: readonly Row[]): Promise<void> {
  const waiting = [...rows]
  const busy = new Map<Row, Promise<void>>()
  while (waiting.length > 0 || busy.size > 0) {
    const held = new Set([...busy.keys()].flatMap(row => row.uses ?? []))
    const next = waiting.findIndex(row => free(row, held, busy.size))
    const row = busy.size < atOnce ? waiting[next] : undefined
    if (row === undefined) {
      await Promise.race(busy.values())
      continue
    }
    waiting.splice(next, 1)
    busy.set(row, runRow(row).finally(() => busy.delete(row))) // prettier-ignore
  }
}

/** `everything` is a use that stands no other row beside it. */
function free({ uses = [] }: Row, held: ReadonlySet<string>, running: number): boolean {
  if (held.has('everything')) return false
  if (uses.includes('everything')) return running === 0
  return uses.every(use => !held.has(use))
}

process.on('SIGTERM', () => {
  const stopped = net === undefined ? Promise.resolve() : net.then(found => found.stop())
  void stopped.finally(() => process.exit(1))
})
const rows = (await allRows()).filter(row => wanted.includes(row.number))
await runAll(rows)
await (await net)?.stop()
process.exit()
