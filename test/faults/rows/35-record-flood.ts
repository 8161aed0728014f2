import { RecordStore, providerKey as provider } from '@enigma/worker/testing'
import { must, type Row } from '../row.ts'
import { runMocha } from '../support/mocha-row.ts'

const MOST_RECORDS = 1_000
const HONEST = 100
/** Of one flood: twenty are 100,000. */
const RECORDS = 5_000

/** Peers flood the store of a DHT's records one after the other; and strangers a node's DHT, with the peer network's own tests. */
export const row: Row = {
  number: 35,
  name: 'sybils flood DHT records',
  lane: 'parts',
  times: { core: 0, full: 20, campaign: 200 },
  async run({ times }) {
    const store = new RecordStore({ maxRecords: MOST_RECORDS })
    for (let i = 0; i < HONEST; i++) store.put(provider(`honest ${i}`, `peer ${i}`), Uint8Array.of(1))
    for (let flood = 0; flood < times; flood++) {
      for (let i = 0; i < RECORDS; i++) {
        store.put(provider(`flood ${i}`, `sybil ${flood}`), Uint8Array.of(1))
        must(store.size <= MOST_RECORDS, `the store holds ${store.size} records`)
      }
      for (let i = 0; i < HONEST; i++) {
        must(store.has(provider(`honest ${i}`, `peer ${i}`)), `flood ${flood} pushed out the record of an honest peer`)
      }
      must(store.has(provider(`flood ${RECORDS - 1}`, `sybil ${flood}`)), 'a new record is not kept')
    }
    const passed = await runMocha({
      files: ['worker/test/net/gate.test.ts'],
      env: { ENIGMA_STRANGERS: String(times) }
    })
    return `records at most ${MOST_RECORDS} in ${times} floods of ${RECORDS}, of honest peers lost 0; ${times} strangers and ${times} values refused (${passed} tests)`
  }
}
