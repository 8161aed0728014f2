import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { DevAccount, Devnet } from '@enigma/devnet'
import {
  createEnigmaClient,
  type Artifact,
  type ClientOptions,
  type ClientStorage,
  type EnigmaClient,
  type SecretContractAbi
} from 'enigma-js'

const build = join(import.meta.dirname, '../../../secret-contracts/build')

/** A compiled sample contract, as `npm test` built it. */
export function sample(name: 'calculator' | 'flip-coin' | 'millionaires' | 'voting'): Artifact<SecretContractAbi> {
  return {
    wasm: readFileSync(join(build, `${name}.wasm`)),
    abi: JSON.parse(readFileSync(join(build, `${name}.abi.json`), 'utf8')) as SecretContractAbi
  }
}

export interface ConnectOptions {
  /** JSON-RPC addresses instead of those of all workers. */
  readonly rpc?: readonly string[]
  readonly chainUrl?: string
  readonly storage?: ClientStorage
  readonly timeouts?: ClientOptions['timeouts']
}

/** A client of a devnet that pays with the account's key. */
export function connectAs(devnet: Devnet, user: DevAccount, options: ConnectOptions = {}): Promise<EnigmaClient> {
  return createEnigmaClient({
    privateKey: user.privateKey,
    chainUrl: options.chainUrl ?? devnet.chainUrl,
    network: {
      enigma: devnet.enigma,
      rpc: options.rpc ?? devnet.workers.map(worker => worker.httpUrl),
      mode: 'simulation'
    },
    storage: options.storage,
    timeouts: options.timeouts
  })
}
