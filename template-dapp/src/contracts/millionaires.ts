// Made by `enigma compile --types` from millionaires.ts. Compile again instead of changing it.
import { TypedContract, type EnigmaClient, type ScAddr, type Task, type TaskOptions } from 'enigma-js'

const abi = [
  {
    "type": "constructor",
    "inputs": [],
    "stateMutability": "nonpayable"
  },
  {
    "type": "function",
    "name": "addMillionaire",
    "inputs": [
      {
        "name": "who",
        "type": "address"
      },
      {
        "name": "netWorth",
        "type": "uint256"
      }
    ],
    "outputs": [],
    "stateMutability": "nonpayable"
  },
  {
    "type": "function",
    "name": "computeRichest",
    "inputs": [],
    "outputs": [
      {
        "name": "",
        "type": "address"
      }
    ],
    "stateMutability": "view"
  }
] as const

/** The secret contract `millionaires`. Arguments are encrypted before they leave the page; results are verified and decrypted. */
export class Millionaires extends TypedContract<typeof abi> {
  static readonly abi = abi

  /** The contract at an address: the id of its deployment. */
  static at(client: EnigmaClient, scAddr: string): Millionaires {
    return new Millionaires(client, scAddr, abi)
  }

  /** Records a deployment of the compiled bytecode; its `result()` is the address. */
  static deploy(client: EnigmaClient, wasm: Uint8Array, options?: TaskOptions): Promise<Task<ScAddr>> {
    return client.deploy({ wasm, abi }, [], options)
  }

  addMillionaire(who: string, netWorth: bigint | number, options?: TaskOptions): Promise<undefined> {
    return this.call.addMillionaire(who, netWorth, options)
  }

  computeRichest(options?: TaskOptions): Promise<`0x${string}`> {
    return this.call.computeRichest(options)
  }
}
