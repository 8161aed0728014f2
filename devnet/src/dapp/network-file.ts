import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { DevAccount } from '../accounts.ts'

/** What the page fetches as /network.json: where everything is, and accounts whose keys everybody knows anyway. */
export interface NetworkFacts {
  readonly enigma: string
  readonly token: string
  readonly chainId: number
  readonly chainUrl: string
  readonly rpc: readonly string[]
  readonly mode: 'simulation'
  readonly testAccounts: readonly DevAccount[]
}

export function writeNetworkFile(path: string, facts: NetworkFacts): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  writeFileSync(path, `${JSON.stringify(facts, undefined, 2)}\n`, { mode: 0o600 })
}
