import { createTestNetwork, type TestNetwork } from '@enigma/testing'
import { createEnigmaClient, type EnigmaClient } from 'enigma-js'
import type { Signer } from 'ethers'
import { compiled, type Folders } from './artifacts.ts'
import type { EnigmaNetworkConfig } from './config.ts'

type Functions = Readonly<Record<string, (...args: unknown[]) => Promise<unknown>>>

/** A deployed secret contract: the same on a live network and in the process of a simulated one. */
export interface SecretContract {
  readonly scAddr: string
  /** Tasks: results are verified and decoded. A last argument beyond the ABI's holds options. */
  readonly call: Functions
  /** Read-only calls: no transaction and no fee. */
  readonly query: Functions
}

/** `connection.enigma` in tests and scripts. */
export interface EnigmaHandles {
  /** Compiles and deploys a secret contract of the project by its name. */
  deploy(name: string, args?: readonly unknown[]): Promise<SecretContract>
  /** A contract of the project that is deployed already; not on a simulated network. */
  at(name: string, scAddr: string): Promise<SecretContract>
  close(): Promise<void>
}

/** On a simulated network contracts run in this process, on the enclave's engine with its limits and gas, without a chain. */
export function simulatedHandles(folders: Folders): EnigmaHandles {
  let network: Promise<TestNetwork> | undefined
  return {
    async deploy(name, args = []) {
      const artifact = await compiled(folders, name)
      const contract = await (await (network ??= createTestNetwork())).deploy(artifact, [...args] as never)
      return contract as unknown as SecretContract
    },
    at: name => Promise.reject(new Error(`${name} is on no chain here: deploy it in the test.`)),
    close: async () => void (await (await network)?.stop())
  }
}

/** On a live network the first account of its configuration pays. */
export function liveHandles(folders: Folders, live: LiveNetwork): EnigmaHandles {
  let client: Promise<EnigmaClient> | undefined
  const connect = async (): Promise<EnigmaClient> => {
    const { contract, rpc } = live.config
    const [signer] = await live.signers()
    if (signer === undefined) throw new Error(`The network ${live.name} has no account that could pay.`)
    return createEnigmaClient({ signer, network: { enigma: contract, rpc, mode: 'simulation' } })
  }
  const handle = async (name: string, scAddr: string): Promise<SecretContract> => {
    const { abi } = await compiled(folders, name)
    return (await (client ??= connect())).contract(scAddr, abi) as unknown as SecretContract
  }
  return {
    async deploy(name, args = []) {
      const { wasm, abi } = await compiled(folders, name)
      const task = await (await (client ??= connect())).deploy({ wasm, abi }, [...args] as never)
      return handle(name, String(await task.result()))
    },
    at: handle,
    close: async () => void (await client)?.close()
  }
}

export interface LiveNetwork {
  readonly name: string
  readonly config: EnigmaNetworkConfig
  signers(): Promise<readonly Signer[]>
}
