import { TaskKind, ZERO_ADDRESS, ZERO_HASH, type Receipt } from '@enigma/protocol'

/** The receipt of a successful run that wrote nothing, of a task that was recorded in block 5; `fields` make it another one. */
export const receiptWith = (fields: Pick<Receipt, 'taskId' | 'scAddr'> & Partial<Receipt>): Receipt => ({
  kind: TaskKind.compute,
  ok: true,
  reason: 0,
  codeHash: ZERO_HASH,
  inputHash: ZERO_HASH,
  gasLimit: 1_000n,
  epoch: 1,
  recordBlock: 5,
  recordTime: 6,
  prevHead: ZERO_HASH,
  deltaHash: ZERO_HASH,
  outputHash: ZERO_HASH,
  gasUsed: 7n,
  callbackTarget: ZERO_ADDRESS,
  callbackDataHash: ZERO_HASH,
  callbackGas: 0,
  ...fields
})
