import { codeOf, printable, type InfoResult } from '@enigma/protocol'
import { callWorker, inEng, type Standing } from 'enigma-js'
import { toJson } from '../abi/show-value.ts'
import { alarmsOf, type Alarm } from '../alarms.ts'
import { flag, type Command, type Given } from '../command.ts'
import { withChain } from '../connect.ts'
import type { Io } from '../io.ts'
import { findWorkers, networkOptions } from '../network.ts'

export const workerStatus: Command = {
  command: 'worker status',
  describe: 'Ask workers who they are, how far they have come, and what they raise an alarm about',
  positionals: [],
  options: {
    all: {
      type: 'boolean',
      describe: 'rank all registered workers by earnings, from the chain alone: none of them has to answer'
    },
    ...networkOptions,
    json: { type: 'boolean', describe: 'print one JSON object per worker' }
  },
  examples: ['enigma worker status', 'enigma worker status --rpc http://127.0.0.1:3346', 'enigma worker status --all'],

  /** Exits 0 if every worker answered, else 1. With `--all` nobody is asked. */
  async run(given, io) {
    if (flag(given, 'all')) return ranking(given, io)
    let silent = 0
    for (const url of findWorkers(given)) {
      try {
        const [info, alarms] = await Promise.all([callWorker(url, 'getInfo', {}, { timeoutMs: 5_000 }), alarmsOf(url)])
        if (flag(given, 'json')) io.out(toJson({ url, ...info, alarms }))
        else for (const line of [lineOf(url, info), ...alarms.flatMap(linesOf)]) io.out(line)
      } catch (error) {
        silent++
        if (flag(given, 'json')) io.out(toJson({ url, error: codeOf(error) }))
        else io.out(`${url}  ${codeOf(error)}`)
      }
    }
    return silent === 0 ? 0 : 1
  }
}

function lineOf(url: string, info: InfoResult): string {
  const { name, role, status, epoch, peers, isolation, operator, simulation } = info
  const enclave = `${simulation ? 'SIMULATION' : info.mode}, ${isolation}`
  const facts = [name, role, status, `epoch ${epoch}`, `${peers} peers`, enclave, operator, url]
  return facts.map(fact => printable(String(fact))).join('  ')
}

const linesOf = ({ code, message, hint, times }: Alarm): string[] => [
  `  alarm ${code}${times > 1 ? `, ${times} times` : ''}: ${message}`,
  `    ${hint}`
]

function ranking(given: Given, io: Io): Promise<number> {
  return withChain(given, io, false, async client => {
    const workers = await client.standings()
    if (flag(given, 'json')) for (const worker of workers) io.out(toJson(worker))
    else for (const line of table([HEADINGS, ...workers.map(columnsOf)])) io.out(line)
    return 0
  })
}

const HEADINGS = ['rank', 'operator', 'state', 'stake (ENG)', 'share', 'earned (ENG)', 'receipts', 'failed', 'uptime']

function columnsOf(worker: Standing): string[] {
  const { rank, operator, loggedIn, stake, stakeShare, earned, receipts, failedReceipts, uptime } = worker
  const percent = (share: number): string => `${(100 * share).toFixed(1)} %`
  return [
    String(rank),
    operator,
    loggedIn ? 'logged-in' : 'logged-out',
    inEng(stake),
    percent(stakeShare),
    inEng(earned),
    String(receipts),
    String(failedReceipts),
    percent(uptime)
  ]
}

/** Columns as wide as their widest entry. */
function table(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map(row => row[column]!.length)))
  return rows.map(row =>
    row
      .map((entry, column) => entry.padEnd(widths[column]!))
      .join('  ')
      .trimEnd()
  )
}
