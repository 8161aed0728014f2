import { startRpcFront, type Random } from '@enigma/faults'
import type { DevnetWorker } from '@enigma/devnet'
import { codeOf } from '@enigma/protocol'
import { callWorker } from 'enigma-js'
import { counterContract } from '../../e2e/support/counter.ts'
import { must } from '../row.ts'
import type { FaultNet } from './fault-net.ts'
import { CountingLoad } from './load.ts'

/** Calls of a client that would do something, or tell something, if they were taken for new ones. */
const METHODS = ['sendTaskInput', 'deploySecretContract', 'queryContract'] as const
type Method = (typeof METHODS)[number]

/**
 * Records what a client says to its worker, and says it again to every worker once its tasks are over and the contract has moved on.
 * Nothing may be recorded, run or counted again, and a query that is answered is answered of the head that the contract has now.
 *
 * @returns how many calls of each method were sent again, and the codes and answers they met
 */
export async function replayRpc(net: FaultNet, times: number, random: Random): Promise<Record<string, number>> {
  const { devnet, ledger } = net
  const front = await startRpcFront(devnet.workers[0]!.httpUrl)
  net.atEnd(() => front.stop())
  const load = await CountingLoad.prepare(net, { rpc: [front.url] })
  const { abi } = await counterContract()
  for (let i = 0; i < 3; i++) await (await load.countUntilTaken()).result().catch(() => undefined)
  await net.eventually('an answer to a query', () => load.client.query(load.scAddr, abi, 'current', []))
  const captured = front.calls.flatMap(({ method, params }) =>
    METHODS.includes(method as Method) ? [{ method: method as Method, params: paramsOf(params) }] : []
  )
  must(METHODS.every(method => captured.some(call => call.method === method)), 'not every kind of call was recorded') // prettier-ignore
  await (await load.countUntilTaken()).result().catch(() => undefined) // the head that an old answer does not have

  const state = async (): Promise<{ tasks: string[]; head: unknown; sealed: number; deltas: number }> => {
    const tasks = await load.tasksSince(0)
    const [, head, deltas] = (await ledger.enigma.getFunction('secretContract')(load.scAddr)) as [
      string,
      string,
      bigint
    ]
    const runs = devnet.workers.flatMap(({ name }) =>
      net.log(name).split('\n').filter(line => /stage=sealed/.test(line) && tasks.some(taskId => line.includes(taskId)))
    ) // prettier-ignore
    return { tasks, head, sealed: runs.length, deltas: Number(deltas) }
  }
  await net.blocks(6) // other seats may be about to finish a run
  const before = await state()
  const met: Record<string, number> = {}
  // One of each kind first, then all of them over and over.
  const order = [...METHODS.map(method => captured.findLast(call => call.method === method)!), ...captured]
  for (let i = 0; i < Math.max(METHODS.length, times); i++) {
    const { method, params } = order[i % order.length]!
    const { answer, name } = await net.eventually('a worker that is told of a call again', () =>
      sayAgain(random.pick(devnet.workers), method, params)
    )
    const outcome = typeof answer === 'string' ? answer : 'answered'
    met[`${method}: ${outcome}`] = (met[`${method}: ${outcome}`] ?? 0) + 1
    if (method === 'queryContract' && typeof answer !== 'string') {
      const { deltaCount } = (answer as { answer: { deltaCount: number } }).answer
      must(
        Number(deltaCount) === before.deltas,
        `${name} answered an old query of delta ${deltaCount}, of ${before.deltas}`
      )
    }
  }
  await net.blocks(6)
  const after = await state()
  must(JSON.stringify(after) === JSON.stringify(before), `replays had an effect: ${JSON.stringify({ before, after })}`)
  await load.accounts()
  load.close()
  return met
}

/** @throws if the worker is not there: other rows take workers down, and what does not arrive tests nothing. */
async function sayAgain(
  { name, httpUrl }: DevnetWorker,
  method: Method,
  params: unknown
): Promise<{ name: string; answer: unknown }> {
  const answer: unknown = await callWorker(httpUrl, method, params as never).catch((error: unknown) => {
    if (codeOf(error) === 'WORKER_UNREACHABLE') throw error
    return codeOf(error)
  })
  return { name, answer }
}

/** Named parameters may travel as an object or as the only element of a list. */
const paramsOf = (params: unknown): unknown => (Array.isArray(params) && params.length === 1 ? params[0] : params)
