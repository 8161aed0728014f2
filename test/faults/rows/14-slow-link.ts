import { until } from '@enigma/worker/testing'
import { must, seconds, type Row } from '../row.ts'
import { CONTRACT, StoreLab } from '../support/stores.ts'

const DELTAS = 40
const DELTA_BYTES = 52_000
const KILOBIT = 1_000 / 8
/** The sync gives up by itself when nothing moves; this is how long the test looks on. */
const PATIENCE_MS = 240_000

/** Two mebibytes over 256 kbit/s, cut twice on the way. What had arrived is not sent again. */
export const row: Row = {
  number: 14,
  name: '256 kbit/s link, 2 MiB of content, cut on the way',
  lane: 'parts',
  minutes: 6,
  times: { core: 0, full: 3, campaign: 5 },
  async run({ random, times }) {
    let worst = 0
    let slowest = 0
    for (let round = 0; round < times; round++) {
      const lab = new StoreLab(['alice', 'bob'])
      try {
        const deltas = lab.history(DELTAS, '', DELTA_BYTES)
        const { proxy } = await lab.honestBehindProxy('bob', deltas.map(({ delta }) => delta)) // prettier-ignore
        const size = deltas.reduce((sum, { delta }) => sum + delta.length, 0)
        proxy.set({ down: { bytesPerSecond: 256 * KILOBIT } })
        const alice = await lab.honest('alice', [])
        const started = performance.now()
        const complete = alice.sync.ensure(CONTRACT, DELTAS - 1, AbortSignal.timeout(PATIENCE_MS))
        complete.catch(() => undefined) // told of below
        for (const part of [0.3, 0.7]) {
          await until('some of it has come', () => proxy.bytes.down > size * (part - 0.1 * random.next()), 120_000)
          proxy.cut()
        }
        await complete
        slowest = Math.max(slowest, performance.now() - started)
        for (const [i, { hash }] of deltas.entries()) {
          must(await alice.store.hasDelta(CONTRACT, i, hash), `delta ${i} is missing`)
        }
        worst = Math.max(worst, proxy.bytes.down / size - 1)
      } finally {
        await lab.stop()
      }
    }
    must(worst < 0.2, `${(100 * worst).toFixed(0)} % was sent again`)
    return `complete ${times} of ${times} in ${seconds(slowest)} with two cuts each; sent again ${(100 * worst).toFixed(1)} %`
  }
}
