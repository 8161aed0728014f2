import type { Row } from '../row.ts'
import { runMocha } from '../support/mocha-row.ts'

const SYBILS = 200

/**
 * Strangers crowd a node and its DHT, each of them a peer of its own that claims to hold the content: the peer network's own test, with
 * two hundred of them, and twenty look-ups among them. Only peers that the chain knows are told of.
 */
export const row: Row = {
  number: 34,
  name: 'eclipse: 200 sybils near a key',
  lane: 'parts',
  minutes: 2,
  times: { core: 0, full: 1, campaign: 20 },
  async run({ times }) {
    for (let i = 0; i < times; i++) {
      const grep = 'finds the right holder'
      await runMocha({ files: ['worker/test/net/gate.test.ts'], grep, env: { ENIGMA_SYBILS: String(SYBILS) } })
    }
    return `wrong data accepted 0, right holder found in at least 95 % of ${20 * times} look-ups, among ${SYBILS} sybils`
  }
}
