import { waitFor } from '@enigma/devnet'
import type { Ledger } from './ledger.ts'

interface Waiting {
  readonly from: string
  readonly to: string | null
  readonly input: string
}

async function pool({ provider }: Ledger): Promise<readonly Waiting[]> {
  const block = (await provider.send('eth_getBlockByNumber', ['pending', true])) as { transactions: Waiting[] }
  return block.transactions
}

/** Waits until a transaction of this account waits for a block. Blocks come only from the test. */
export const untilInPool = (ledger: Ledger, account: string, what: string): Promise<unknown> =>
  waitFor(async () => (await pool(ledger)).some(({ from }) => from.toLowerCase() === account.toLowerCase()), {
    what: `${what} in the pool`,
    limitMs: 60_000
  })

/** Waits until somebody's call of this function of Enigma waits for a block. */
export function untilCallInPool(ledger: Ledger, name: string): Promise<unknown> {
  const { selector } = ledger.enigma.interface.getFunction(name)!
  const isThere = async (): Promise<boolean> => (await pool(ledger)).some(({ input }) => input.startsWith(selector))
  return waitFor(isThere, { what: `${name} in the pool`, limitMs: 60_000 })
}
