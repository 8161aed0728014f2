import { join } from 'node:path'
import type { Hash, ScAddr } from '@enigma/protocol'
import type { SecretContractAbi } from 'enigma-js'
import { readText, writePrivate } from './json-file.ts'

/** A contract that was deployed from here. */
export interface KnownContract {
  readonly name: string
  readonly scAddr: ScAddr
  readonly abi: SecretContractAbi
  /** Names of its functions by index, to read traces with. */
  readonly functions?: readonly string[] | undefined
}

interface ContractsFile {
  /** The network that they are on; a restarted devnet is another one. */
  readonly deploymentBlockHash: Hash
  readonly contracts: readonly KnownContract[]
}

/** Names and ABIs of deployed contracts: `.enigma/<network>/contracts.json`. */
export class ContractBook {
  readonly #path: string
  readonly #network: Hash

  constructor(folder: string, deploymentBlockHash: Hash) {
    this.#path = join(folder, 'contracts.json')
    this.#network = deploymentBlockHash
  }

  all(): readonly KnownContract[] {
    const text = readText(this.#path)
    if (text === null) return []
    try {
      const file = JSON.parse(text) as ContractsFile
      return file.deploymentBlockHash === this.#network ? file.contracts : []
    } catch {
      return [] // damaged: it holds nothing that cannot be given again
    }
  }

  /** By address, else the latest of that name. */
  find(nameOrAddress: string): KnownContract | undefined {
    const known = this.all()
    return (
      known.find(({ scAddr }) => scAddr === nameOrAddress.toLowerCase()) ??
      known.findLast(({ name }) => name === nameOrAddress)
    )
  }

  add(contract: KnownContract): void {
    const others = this.all().filter(({ scAddr }) => scAddr !== contract.scAddr)
    const file: ContractsFile = { deploymentBlockHash: this.#network, contracts: [...others, contract] }
    writePrivate(this.#path, `${JSON.stringify(file, undefined, 2)}\n`)
  }
}
