import type { Row } from '../row.ts'
import { runMocha } from '../support/mocha-row.ts'

/** What the tests of the peer network do to its DHT: 100,000 records of one peer, records too large, values of anybody, unknown peers. */
export const row: Row = {
  number: 35,
  name: 'sybils flood DHT records',
  lane: 'parts',
  times: { core: 0, full: 3, campaign: 20 },
  async run({ times }) {
    let passed = 0
    for (let i = 0; i < times; i++) {
      passed += await runMocha({ files: ['worker/test/net/record-store.test.ts', 'worker/test/net/gate.test.ts'] })
    }
    return `store within its bounds (32 MiB at worst) in ${passed} of ${passed} tests`
  }
}
