/**
 * `node bench/mpc-sockets.ts [--json]`: how should a party inside an enclave reach the other nodes? Handing the connected socket to
 * the enclave's process over Node's IPC channel, against relaying frames through the worker; both with Node's permission model alone
 * and inside bubblewrap with an empty network namespace. Four real processes: two workers, two enclaves. docs/adr/mpc-sockets.md
 */
import { fork, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const ROUNDS = 4_000
const FLOOD_BYTES = 512 * 1024 * 1024
const REPEATS = 3

interface Measured {
  readonly way: string
  readonly isolation: string
  readonly roundTripUs: number // median
  readonly p95Us: number
  readonly mibPerSecond: number
}
interface Answer {
  readonly ready?: boolean
  readonly port?: number
  readonly done?: boolean
  readonly times?: number[]
  readonly seconds?: number
}

const script = fileURLToPath(new URL('./mpc-sockets/host-process.ts', import.meta.url))
const start = (...argv: string[]): ChildProcess =>
  fork(script, argv, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
async function heard(child: ChildProcess, wanted: (answer: Answer) => boolean): Promise<Answer> {
  for (;;) {
    const [answer] = (await once(child, 'message')) as [Answer]
    if (wanted(answer)) return answer
  }
}
const quantile = (sorted: readonly number[], q: number): number => sorted[Math.floor(q * (sorted.length - 1))]!

async function measure(way: string, isolation: string): Promise<Measured> {
  const answering = start('answer', way, isolation)
  const ready = [heard(answering, answer => answer.ready === true)]
  const { port } = await heard(answering, answer => answer.port !== undefined)
  const asking = start('ask', way, isolation, String(port))
  ready.push(heard(asking, answer => answer.ready === true))
  await Promise.all(ready)
  const run = async (order: object): Promise<Answer> => {
    const ends = [answering, asking].map(child => heard(child, answer => answer.done === true))
    answering.send(order)
    asking.send(order)
    return (await Promise.all(ends))[1]!
  }
  await run({ rounds: 500 })
  const { times } = await run({ rounds: ROUNDS })
  const { seconds } = await run({ floodBytes: FLOOD_BYTES })
  const exits = [answering, asking].map(child => once(child, 'exit'))
  answering.disconnect()
  asking.disconnect()
  await Promise.all(exits)
  const sorted = times!.sort((a, b) => a - b)
  return {
    way,
    isolation,
    roundTripUs: quantile(sorted, 0.5),
    p95Us: quantile(sorted, 0.95),
    mibPerSecond: FLOOD_BYTES / 2 ** 20 / seconds!
  }
}

const cage = spawnSync('bwrap', ['--unshare-all', '--ro-bind', '/', '/', 'true'], { stdio: 'ignore' }).status === 0
const results: Measured[] = []
// A B A B, so that a change of the machine's load meets both
for (let repeat = 0; repeat < REPEATS; repeat++) {
  for (const isolation of ['process-only', ...(cage ? ['bubblewrap'] : [])]) {
    for (const way of ['handed', 'relayed']) results.push(await measure(way, isolation))
  }
}
const median = (values: number[]): number =>
  quantile(
    values.sort((a, b) => a - b),
    0.5
  )
const summary = [...new Set(results.map(({ way, isolation }) => `${isolation} ${way}`))].map(name => {
  const own = results.filter(({ way, isolation }) => `${isolation} ${way}` === name)
  const pick = (key: 'roundTripUs' | 'p95Us' | 'mibPerSecond'): number => Math.round(median(own.map(each => each[key])))
  return { name, roundTripUs: pick('roundTripUs'), p95Us: pick('p95Us'), mibPerSecond: pick('mibPerSecond') }
})
if (process.argv.includes('--json')) console.log(JSON.stringify({ results, summary }))
else console.table(summary)
