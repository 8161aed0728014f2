import type { Row } from '../row.ts'
import { runMocha } from '../support/mocha-row.ts'

/** Of one network and one pair of enclaves: all are looked for at once. */
const SECRETS = 20

/** Canaries through a whole network and through enclave processes, then a search of everything anybody could read. */
export const row: Row = {
  number: 50,
  name: 'secrets scan: disk, logs, wire, arguments',
  lane: 'own',
  minutes: 2,
  times: { core: 0, full: SECRETS, campaign: 20 * SECRETS },
  async run({ times }) {
    const rounds = Math.ceil(times / SECRETS)
    let passed = 0
    for (let i = 0; i < rounds; i++) {
      passed += await runMocha({
        files: [
          'test/e2e/privacy.test.ts',
          'test/e2e/support-instruments.test.ts',
          'enclave-sim/test/process/secrets.test.ts'
        ],
        env: { ENIGMA_SECRETS: String(SECRETS) }
      })
    }
    const sets = rounds * SECRETS
    return `hits 0 of ${3 * sets} amounts in a network, and of ${sets} contracts' secrets in enclaves (${passed} searches and checks of the search)`
  }
}
