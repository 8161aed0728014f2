import type { Row } from '../row.ts'
import { runMocha } from '../support/mocha-row.ts'

/** The tests of the database flip single random bits of its files; here with another seed each time. */
export const row: Row = {
  number: 19,
  name: 'bit flip in every store file',
  lane: 'parts',
  minutes: 2,
  times: { core: 0, full: 9, campaign: 20 },
  async run({ random, times }) {
    for (let i = 0; i < times; i++) {
      const grep = 'never reads a wrong value after a bit was flipped'
      await runMocha({ files: ['worker/test/ops/database.test.ts'], grep, env: { SEED: String(1 + random.below(2 ** 30)) } }) // prettier-ignore
    }
    return `silent wrong reads 0 after ${60 * times} flips`
  }
}
