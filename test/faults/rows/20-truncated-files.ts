import type { Row } from '../row.ts'
import { runMocha } from '../support/mocha-row.ts'

/** The tests of the database cut its files at random lengths; here with another seed each time. */
export const row: Row = {
  number: 20,
  name: 'truncated log, manifest, table',
  lane: 'parts',
  times: { core: 0, full: 5, campaign: 20 },
  async run({ random, times }) {
    for (let i = 0; i < times; i++) {
      const grep = 'opens after any of its files was cut short'
      await runMocha({ files: ['worker/test/ops/database.test.ts'], grep, env: { SEED: String(1 + random.below(2 ** 30)) } }) // prettier-ignore
    }
    return `stores that do not open 0 of ${40 * times} cuts`
  }
}
