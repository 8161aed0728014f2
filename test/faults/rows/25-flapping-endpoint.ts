import { setTimeout as sleep } from 'node:timers/promises'
import { flapping, honest, type FrontPlan } from '@enigma/faults'
import { must, type Row } from '../row.ts'
import { audit } from '../support/audit.ts'
import { requireAllKnown } from '../support/knowledge.ts'
import { CountingLoad } from '../support/load.ts'

/** The endpoint is gone for good: a provider that went out of business. */
const dead: FrontPlan = () => ({ kind: 'reset' })

/** Transactions on their way to an endpoint that fails, at least: what was sent and not acknowledged is what comes to be sent twice. */
const FAILED_SENDS = 6

/**
 * Every node has two Ethereum endpoints. In turn: both fail a third of all calls, each in one of eight ways, and most transactions; the first one answers
 * nothing at all, and the second must do; the other way round.
 */
export const row: Row = {
  number: 25,
  name: 'RPC endpoints flap: 429, 500, HTML, hung, lost answers; fail-over',
  lane: 'devnet',
  times: { core: 0, full: 3, campaign: 6 },
  uses: ['everything'],
  minutes: 3,
  async run({ network, random, times, scale }) {
    const net = await network()
    const { devnet, ledger } = net
    const from = await devnet.blockNumber()
    const loads = [await CountingLoad.prepare(net), await CountingLoad.prepare(net)]
    const nodes = [devnet.principal, ...devnet.workers]
    const answered = (): number => nodes.reduce((sum, { name }) => sum + (net.secondFront(name).faults['pass'] ?? 0), 0)
    const verified = async (): Promise<number> =>
      (await Promise.all(loads.map(load => load.verified()))).reduce((sum, found) => sum + found.length, 0)
    let overOnes = 0
    let failedSends = 0
    const flaps = (name: string): FrontPlan => {
      const [any, sends] = [flapping(random.fork(name), 0.3), flapping(random.fork(`sends of ${name}`), 0.6, false)]
      return call => {
        if (call.method !== 'eth_sendRawTransaction') return any(call)
        const fault = sends(call)
        if (fault.kind !== 'pass') failedSends += 1
        return fault
      }
    }
    for (let round = 0; round < times; round++) {
      const [first, second] = ([[null, null], [dead, honest], [honest, dead]] as const)[round % 3]! // prettier-ignore
      const [before, done] = [answered(), await verified()]
      for (const { name } of nodes) {
        net.front(name).behave(first ?? flaps(name))
        net.secondFront(name).behave(second ?? flaps(`second of ${name}`))
      }
      for (const load of loads) load.start()
      await sleep({ core: 10_000, full: 20_000, campaign: 300_000 }[scale])
      await net.eventually('transactions that were not sent at once', () =>
        Promise.resolve(failedSends >= FAILED_SENDS ? true : undefined)
      )
      await net.eventually(`a verified task in round ${round + 1}`, async () =>
        (await verified()) > done ? true : undefined
      )
      if (first === dead) {
        must(answered() > before, 'nobody asked the second endpoint')
        overOnes += 1
      }
      for (const { name } of nodes) for (const front of [net.front(name), net.secondFront(name)]) front.behave(honest)
      for (const load of loads) await load.stop()
      await net.eventually('every node at the head', async () => {
        const head = await devnet.blockNumber()
        const heads = await Promise.all(devnet.workers.map(async worker => headOf(await worker.status())))
        return heads.every(found => found >= head - 2) ? true : undefined
      })
    }
    const known = await requireAllKnown(net, loads)
    let faults = 0
    for (const { name } of nodes) {
      for (const front of [net.front(name), net.secondFront(name)]) {
        for (const [kind, n] of Object.entries(front.faults)) if (kind !== 'pass') faults += n
      }
    }
    const repeated = await ledger.repeated(nodes.map(node => node.operator.address), from) // prettier-ignore
    must(repeated.length === 0, `sent twice: ${repeated.join('; ')}`)
    return `duplicate transactions 0 with ${faults} faults, ${failedSends} of them of transactions being sent; missed events 0 (${known} answers of workers on tasks are the chain's); worked on through the second endpoint ${overOnes} times; ${await audit(net, loads)}`
  }
}

const headOf = (status: unknown): number => (status as { head: { number: number } }).head.number
