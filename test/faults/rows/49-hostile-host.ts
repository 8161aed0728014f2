import type { Row } from '../row.ts'
import { runMocha } from '../support/mocha-row.ts'

/** The enclave's own tests of its frame server, with more frames: garbage, order, repeated ids, lengths, hostile payloads for every call. */
export const row: Row = {
  number: 49,
  name: 'hostile host on the enclave socket',
  lane: 'parts',
  times: { core: 0, full: 10_000, campaign: 5_000_000 },
  async run({ times }) {
    const env = { ENIGMA_FUZZ_FRAMES: String(times) }
    const passed = await runMocha({ files: ['enclave-sim/test/process/frame-server.test.ts'], env })
    return `secret bytes in answers 0, internal errors 0 after 2 x ${times} hostile inputs (${passed} tests)`
  }
}
