import type { Address, Hash, Hex } from '@enigma/protocol'
import { jsonPart, numberKey, type Database } from '../ops/database.ts'

/** A signed transaction. It is on disk before it is sent; its nonce is its place in the queue. */
export interface StoredTx {
  readonly id: string // the sender's name for it: one transaction per id
  readonly covers?: readonly string[] // further names, of what it carries
  readonly nonce: number
  readonly to: Address
  readonly data: Hex
  readonly gasLimit: string
  readonly maxFeePerGas: string // wei
  readonly tip: string // wei
  readonly raw: Hex
  readonly hash: Hash
  readonly formerHashes: readonly Hash[] // of the same nonce at lower fees
}

export interface TxStore {
  all(): Promise<readonly StoredTx[]>
  put(tx: StoredTx): Promise<void>
  remove(nonces: readonly number[]): Promise<void>
}

export function createTxStore(db: Database): TxStore {
  const part = jsonPart<StoredTx>(db, 'transactions')
  return {
    async all() {
      const found: StoredTx[] = []
      for await (const tx of part.values()) found.push(tx)
      return found
    },
    put: tx =>
      db.batch([{ type: 'put', key: numberKey(tx.nonce), value: tx, sublevel: part }], { sync: true } as object),
    remove: nonces =>
      db.batch(
        nonces.map(nonce => ({ type: 'del' as const, key: numberKey(nonce), sublevel: part })),
        { sync: true } as object
      )
  }
}
