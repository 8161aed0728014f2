import type { ScAddr } from '@enigma/protocol'
import type { SecretContractAbi } from '@enigma/protocol/secret-abi'
import type { EnigmaClient } from './client.ts'
import type { ContractHandle } from './contract.ts'

/** The base of the classes that `enigma compile --types` writes: a contract's handle, to which they add a method per function. */
export abstract class TypedContract<const A extends SecretContractAbi> {
  readonly #handle: ContractHandle<A>

  constructor(client: EnigmaClient, scAddr: string, abi: A) {
    this.#handle = client.contract(scAddr, abi)
  }

  get scAddr(): ScAddr {
    return this.#handle.scAddr
  }

  /** Functions that resolve to the result. */
  get call(): ContractHandle<A>['call'] {
    return this.#handle.call
  }

  /** Functions that resolve to a task, once it is recorded: to follow it, or to go on with it after a reload. */
  get send(): ContractHandle<A>['send'] {
    return this.#handle.send
  }

  /** Read-only calls: no transaction, no fee. */
  get query(): ContractHandle<A>['query'] {
    return this.#handle.query
  }
}
