import type { Row } from '../row.ts'
import { runMocha } from '../support/mocha-row.ts'

/** Strangers crowd a node and its DHT: the peer network's own tests, again and again. Only peers that the chain knows are told of. */
export const row: Row = {
  number: 34,
  name: 'eclipse: sybils near a key',
  lane: 'parts',
  times: { core: 0, full: 3, campaign: 20 },
  async run({ times }) {
    let passed = 0
    for (let i = 0; i < times; i++) {
      const files = ['worker/test/net/gate.test.ts', 'worker/test/net/discovery.test.ts', 'worker/test/net/hostile-peer.test.ts'] // prettier-ignore
      passed += await runMocha({ files })
    }
    return `records of strangers taken 0, right holder found, in ${passed} of ${passed} tests`
  }
}
