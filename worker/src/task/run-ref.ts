import type { Hash, Receipt } from '@enigma/protocol'
import { hasCallback } from '../chain/calls.ts'
import type { RunRef } from './machine.ts'

/** What the task machine keeps of a receipt. */
export const runRefOf = (digest: Hash, receipt: Receipt): RunRef => ({
  digest,
  prevHead: receipt.prevHead,
  deltaHash: receipt.deltaHash,
  callback: hasCallback(receipt)
})
