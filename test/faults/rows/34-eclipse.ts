import type { Row } from '../row.ts'
import { runMocha } from '../support/mocha-row.ts'

const SYBILS = 200
/** Of one network, each of another contract. */
const LOOK_UPS = 20

/**
 * Strangers crowd a node and its DHT, each of them a peer of its own that claims to hold the contents: the peer network's own test, with
 * two hundred of them, and twenty look-ups of contracts to whose keys more of them are near than a look-up goes to. Only peers that the
 * chain knows are told of.
 */
export const row: Row = {
  number: 34,
  name: 'eclipse: 200 sybils near a key',
  lane: 'parts',
  minutes: 1,
  times: { core: 0, full: LOOK_UPS, campaign: 20 * LOOK_UPS },
  async run({ times }) {
    const networks = Math.ceil(times / LOOK_UPS)
    for (let i = 0; i < networks; i++) {
      const grep = 'finds the right holder'
      await runMocha({ files: ['worker/test/net/gate.test.ts'], grep, env: { ENIGMA_SYBILS: String(SYBILS) } })
    }
    return `wrong data accepted 0, right holder found in at least 95 % of ${networks * LOOK_UPS} look-ups with keys of their own, among ${SYBILS} sybils`
  }
}
