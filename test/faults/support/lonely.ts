import { TaskStatus, codeOf, type ScAddr, type TaskId } from '@enigma/protocol'
import type { DevnetWorker } from '@enigma/devnet'
import { callWorker, memoryStorage, type EnigmaClient } from 'enigma-js'
import { connectAs } from '../../e2e/support/actors.ts'
import { counterContract } from '../../e2e/support/counter.ts'
import { seatsOf } from '../../e2e/support/seats.ts'
import { must } from '../row.ts'
import type { FaultNet } from './fault-net.ts'
import type { CountingLoad } from './load.ts'

/** Runs of its enclave that came to an outcome: of tasks, and of tasks that were settled already. */
async function runsOf({ httpUrl }: DevnetWorker): Promise<number> {
  const text = await (await fetch(`${httpUrl}/metrics`, { signal: AbortSignal.timeout(5_000) })).text()
  const counts = text.matchAll(/^enigma_enclave_call_seconds_count\{method="(?:run|rerun)",outcome="ok"\} (\d+)$/gm)
  return [...counts].reduce((sum, [, count]) => sum + Number(count), 0)
}

/** A worker that is cut off from the principal: what it may not say and do, looked at while the others work on. */
export class LonelyWorker {
  readonly worker: DevnetWorker
  readonly #net: FaultNet
  readonly #client: EnigmaClient
  #runs = 0
  /** Recorded tasks, not over, of which it held a seat when it was looked at. */
  readonly open = new Set<TaskId>()
  /** Its refusals of queries, by code. */
  readonly refusals: Record<string, number> = {}

  private constructor(net: FaultNet, worker: DevnetWorker, client: EnigmaClient) {
    this.#net = net
    this.worker = worker
    this.#client = client
  }

  /** The client knows no worker but this one. */
  static async of(net: FaultNet, worker: DevnetWorker): Promise<LonelyWorker> {
    const account = await net.borrowUser()
    net.atEnd(() => net.returnUser(account))
    const client = await connectAs(net.devnet, account, { rpc: [worker.httpUrl], storage: memoryStorage() })
    net.atEnd(() => client.close())
    return new LonelyWorker(net, worker, client)
  }

  /** What it says to a query: `answered`, or a code. */
  async query(scAddr: ScAddr): Promise<string> {
    const { abi } = await counterContract()
    return this.#client.query(scAddr, abi, 'current', []).then(() => 'answered', codeOf)
  }

  /** From now on no run of its enclave may succeed. */
  async noRunsFromNow(): Promise<void> {
    this.#runs = await runsOf(this.worker)
  }

  async requireNoRuns(): Promise<void> {
    const runs = (await runsOf(this.worker)) - this.#runs
    must(runs === 0, `${this.worker.name}, without the principal, made ${runs} runs`)
  }

  /** @throws if it answers a query, or says of a task what the chain does not */
  async look(loads: readonly CountingLoad[], since: number): Promise<void> {
    for (const load of loads) {
      for (const taskId of await load.tasksSince(since)) await this.#lookAt(taskId, load.scAddr)
    }
  }

  async requireNoAnswer(scAddr: ScAddr): Promise<void> {
    const code = await this.query(scAddr)
    must(code !== 'answered', `${this.worker.name}, without the principal, answered a query`)
    must(/^[A-Z]+_[A-Z_]+$/.test(code), `${this.worker.name} refused a query with ${code}`)
    this.refusals[code] = (this.refusals[code] ?? 0) + 1
  }

  async #lookAt(taskId: TaskId, scAddr: ScAddr): Promise<void> {
    const { name, httpUrl } = this.worker
    const said = await callWorker(httpUrl, 'getTaskStatus', { taskId })
    const result = await callWorker(httpUrl, 'getTaskResult', { taskId })
    const endings = await this.#net.ledger.endings(taskId)
    const isOpen = said.chainStatus <= TaskStatus.RecordCreated
    must(endings.length > 0 || isOpen, `${name} says of an open task that it is ${said.chainStatus}`)
    must(result === null, `${name}, without the principal, gave a result for task ${taskId}`)
    if (endings.length > 0) return
    const holders = await seatsOf(this.#net.devnet, scAddr, await this.#net.ledger.epochOf(taskId)).catch(
      (error: unknown): DevnetWorker[] => {
        if (codeOf(error) === 'EPOCH_STALE') return [] // it was looked at before that
        throw error
      }
    )
    if (holders.includes(this.worker)) this.open.add(taskId)
  }
}
