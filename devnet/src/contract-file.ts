import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ChainRpc } from './chain-rpc.ts'
import type { DevnetContracts } from './contracts.ts'

/** What a chain that is continued must remember about its contracts. */
export interface ContractFile extends DevnetContracts {
  readonly epochSize: number
}

const fileIn = (dataDir: string): string => join(dataDir, 'contracts.json')

export function writeContracts(dataDir: string, contracts: ContractFile): void {
  writeFileSync(fileIn(dataDir), `${JSON.stringify(contracts, undefined, 2)}\n`, { mode: 0o600 })
}

/** The contracts of an earlier start, if this chain still has them. */
export async function readContracts(dataDir: string, rpc: ChainRpc): Promise<ContractFile | undefined> {
  let found: ContractFile
  try {
    found = JSON.parse(readFileSync(fileIn(dataDir), 'utf8')) as ContractFile
  } catch {
    return undefined
  }
  const code = await rpc.call<string>('eth_getCode', [found.enigma, 'latest'])
  return code.length > 2 ? found : undefined
}
