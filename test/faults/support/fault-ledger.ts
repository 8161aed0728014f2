import type { ScAddr, TaskId } from '@enigma/protocol'
import { Ledger } from '../../e2e/support/ledger.ts'

/** What the chain itself says of tasks and money. */
export class FaultLedger extends Ledger {
  /** All tasks that an account recorded from a block on, in order. */
  async tasksOf(sender: string, fromBlock: number): Promise<TaskId[]> {
    const logs = await this.enigma.queryFilter(this.enigma.getEvent('TaskRecordCreated')(null, sender), fromBlock)
    return logs.map(log => (log as unknown as { args: { taskId: TaskId } }).args.taskId)
  }

  /** The blocks of all verified receipts of a contract, in order. */
  async receipts(scAddr: ScAddr): Promise<number[]> {
    const logs = await this.enigma.queryFilter(this.enigma.getEvent('ReceiptVerified')(null, scAddr), 0)
    return logs.map(({ blockNumber }) => blockNumber)
  }

  /** Seeds that were ever offered for an epoch call, from a block on: also those of transactions that were refused. */
  async seeds(fromBlock: number): Promise<Map<string, Set<string>>> {
    const { provider, enigma } = this
    const found = new Map<string, Set<string>>()
    const head = await provider.getBlockNumber()
    for (let number = fromBlock; number <= head; number++) {
      const block = await provider.getBlock(number, true)
      for (const { to, data } of block?.prefetchedTransactions ?? []) {
        if (to?.toLowerCase() !== String(enigma.target).toLowerCase()) continue
        const call = enigma.interface.parseTransaction({ data })
        if (call?.name !== 'setEpoch') continue
        const [d, seed, nextCommit] = call.args as unknown as [bigint, string, string]
        found.set(String(d), (found.get(String(d)) ?? new Set()).add(`${seed} ${nextCommit}`))
      }
    }
    return found
  }

  /** The epoch of a task's record. */
  async epochOf(taskId: TaskId): Promise<number> {
    const [log] = await this.enigma.queryFilter(this.enigma.getEvent('TaskRecordCreated')(taskId), 0)
    return Number((log as unknown as { args: { epoch: bigint } }).args.epoch)
  }

  /** Blocks in which an epoch began. */
  async epochStarts(): Promise<{ epoch: number; block: number }[]> {
    const logs = await this.enigma.queryFilter(this.enigma.getEvent('EpochStarted')(), 0)
    return logs.map(log => ({
      epoch: Number((log as unknown as { args: { epoch: bigint } }).args.epoch),
      block: log.blockNumber
    }))
  }

  /** Blocks since the present epoch began. */
  async intoEpoch(): Promise<number> {
    const [starts, now] = await Promise.all([this.epochStarts(), this.provider.getBlockNumber()])
    return now - starts.at(-1)!.block
  }

  /** Grains that Enigma holds beyond what it owes, or lacks: 0 always. */
  async drift(): Promise<bigint> {
    const block = await this.provider.getBlockNumber()
    const names = ['totalStake', 'totalEscrow', 'totalForfeit', 'totalCredit']
    const at = { blockTag: block }
    const owed = await Promise.all(names.map(async name => (await this.enigma.getFunction(name)(at)) as bigint))
    const held = (await this.token.getFunction('balanceOf')(await this.enigma.getAddress(), at)) as bigint
    return held - owed.reduce((sum, part) => sum + part, 0n)
  }

  /** Transactions of these senders from a block on, whose very same call was included more than once. */
  async repeated(senders: readonly string[], fromBlock: number): Promise<string[]> {
    const wanted = new Set(senders.map(sender => sender.toLowerCase()))
    const seen = new Map<string, number>()
    const head = await this.provider.getBlockNumber()
    for (let number = fromBlock; number <= head; number++) {
      const block = await this.provider.getBlock(number, true)
      for (const { from, to, data } of block?.prefetchedTransactions ?? []) {
        if (!wanted.has(from.toLowerCase())) continue
        const key = `${from} to ${to} ${data}`
        seen.set(key, (seen.get(key) ?? 0) + 1)
      }
    }
    return [...seen].filter(([, times]) => times > 1).map(([key, times]) => `${times} x ${key.slice(0, 120)}`)
  }
}
