import { execFile } from 'node:child_process'
import { resolve } from 'node:path'
import { promisify } from 'node:util'
import { must, type Row } from '../row.ts'

const root = resolve(import.meta.dirname, '../../..')

/** A worker with an empty disk on a chain of 1,000 contracts with ten deltas each. */
export const row: Row = {
  number: 66,
  name: 'cold start with 10,000 deltas of 1,000 contracts',
  lane: 'own',
  minutes: 3,
  times: { core: 0, full: 3, campaign: 5 },
  async run({ times }) {
    let seconds = 0
    let megabytes = 0
    for (let i = 0; i < times; i++) {
      const { stdout } = await promisify(execFile)(process.execPath, ['bench/sync.ts', '--json'], { cwd: root })
      const found = JSON.parse(stdout.slice(stdout.indexOf('{'))) as { seconds: number; peakMemoryMb: number }
      must(
        Number.isFinite(found.seconds) && Number.isFinite(found.peakMemoryMb),
        `the bench says ${stdout.slice(0, 200)}`
      )
      seconds = Math.max(seconds, found.seconds)
      megabytes = Math.max(megabytes, found.peakMemoryMb)
    }
    must(megabytes < 512, `${megabytes} MB resident`)
    must(seconds < 60, `${seconds} s`)
    return `at the head after ${seconds.toFixed(1)} s, ${megabytes.toFixed(0)} MB resident`
  }
}
