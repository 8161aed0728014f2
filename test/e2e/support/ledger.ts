import { Contract, JsonRpcProvider } from 'ethers'
import { enigmaAbi, tokenAbi } from '@enigma/protocol'
import type { Devnet } from '@enigma/devnet'

/** What the chain itself says, read without any of the project's clients. */
export class Ledger {
  readonly provider: JsonRpcProvider
  readonly enigma: Contract
  readonly token: Contract

  constructor(devnet: Devnet) {
    this.provider = new JsonRpcProvider(devnet.chainUrl, devnet.chainId, { staticNetwork: true, cacheTimeout: -1 })
    this.enigma = new Contract(devnet.enigma, enigmaAbi, this.provider)
    this.token = new Contract(devnet.token, tokenAbi, this.provider)
  }

  /** Grains of ENG. */
  async balance(account: string): Promise<bigint> {
    return (await this.token.getFunction('balanceOf')(account)) as bigint
  }

  async epoch(): Promise<number> {
    return Number(await this.enigma.getFunction('currentEpoch')())
  }

  /** Names of the events that ended a task, in order; exactly one for a task that is over. */
  async endings(taskId: string): Promise<string[]> {
    const names = ['ReceiptVerified', 'ReceiptFailed', 'ReceiptFailedETH', 'TaskFeeReturned']
    const logs = await Promise.all(names.map(name => this.enigma.queryFilter(this.enigma.getEvent(name)(taskId), 0)))
    return logs.flatMap((found, i) => found.map(() => names[i] ?? ''))
  }

  close(): void {
    this.provider.destroy()
  }
}
