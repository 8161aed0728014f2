import type { Row } from '../row.ts'
import { runMocha } from '../support/mocha-row.ts'

/** Canaries through a whole network and through enclave processes, then a search of everything anybody could read. */
export const row: Row = {
  number: 50,
  name: 'secrets scan: disk, logs, wire, arguments',
  lane: 'own',
  minutes: 2,
  times: { core: 0, full: 1, campaign: 20 },
  async run({ times }) {
    let passed = 0
    for (let i = 0; i < times; i++) {
      passed += await runMocha({
        files: [
          'test/e2e/privacy.test.ts',
          'test/e2e/support-instruments.test.ts',
          'enclave-sim/test/process/secrets.test.ts'
        ]
      })
    }
    return `hits 0 in ${passed} searches and checks of the search`
  }
}
