import { Transaction } from 'ethers'
import type { Ledger } from './ledger.ts'

/** The signed transactions of a sender in these blocks, in order: what the pools of real nodes keep when a chain is reorganised. */
export async function signedBy(ledger: Ledger, sender: string, from: number, to: number): Promise<string[]> {
  const found: string[] = []
  for (let number = from; number <= to; number++) {
    const block = (await ledger.provider.getBlock(number, true))!
    for (const tx of block.prefetchedTransactions) {
      if (tx.from.toLowerCase() === sender.toLowerCase()) found.push(Transaction.from(tx).serialized)
    }
  }
  return found
}
