import { execFile } from 'node:child_process'
import { resolve } from 'node:path'
import { promisify } from 'node:util'
import { must, type Row } from '../row.ts'

const root = resolve(import.meta.dirname, '../../..')
const MB = 1e6

interface Found {
  readonly seconds: number
  readonly peakMemoryMb: number
  readonly rounds: readonly { readonly workerMb: number; readonly enclaveMb: number; readonly chainRequests: number }[]
}

/** Workers with empty data folders on a chain of 1,000 contracts with ten deltas each: the chain is made once, and each starts anew. */
export const row: Row = {
  number: 66,
  name: 'cold start with 10,000 deltas of 1,000 contracts',
  lane: 'own',
  minutes: 3,
  times: { core: 0, full: 3, campaign: 5 },
  async run({ times }) {
    const args = ['bench/sync.ts', '--json', '--rounds', String(times)]
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: root }).catch(
      (failed: { stdout?: string; stderr?: string }) => {
        if (failed.stdout?.startsWith('{')) return { stdout: failed.stdout } // a target was missed: it is said below by how much
        throw new Error(`the bench failed: ${failed.stderr?.slice(-2_000)}`)
      }
    )
    const { seconds, peakMemoryMb, rounds } = JSON.parse(stdout) as Found
    must(rounds.length === times, `${rounds.length} of ${times} newcomers arrived`)
    must(peakMemoryMb * MB < 512 * 2 ** 20, `${peakMemoryMb} MB resident`)
    must(seconds < 60, `${seconds} s`)
    const highest = (of: (round: Found['rounds'][number]) => number): string => Math.max(...rounds.map(of)).toFixed(0)
    const parts = `worker ${highest(one => one.workerMb)}, enclave ${highest(one => one.enclaveMb)}`
    return `at the head with everything after ${seconds.toFixed(1)} s, ${peakMemoryMb.toFixed(0)} MB resident (${parts})`
  }
}
