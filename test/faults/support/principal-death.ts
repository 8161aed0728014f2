import { Transaction } from 'ethers'
import { honest, type FrontCall, type Random } from '@enigma/faults'
import { must } from '../row.ts'
import type { FaultNet } from './fault-net.ts'

/**
 * When the principal dies: at any time; when it has drawn the seed of its next call and asks what that costs, before anything is signed;
 * when it sends the call, which no chain ever sees.
 */
export const MOMENTS = ['chance', 'drawn', 'sent'] as const
export type Moment = (typeof MOMENTS)[number]

/** What a call of the principal to its Ethereum node says of `setEpoch`; null if it is about something else. */
export interface Offer {
  readonly at: Exclude<Moment, 'chance'>
  readonly d: string
  /** The seed, and the commitment to the next one. */
  readonly seed: string
}

export function offerIn({ ledger }: Pick<FaultNet, 'ledger'>, { method, params }: FrontCall): Offer | null {
  const isSent = method === 'eth_sendRawTransaction'
  if (!isSent && method !== 'eth_estimateGas' && method !== 'eth_call') return null
  const { to, data } = isSent
    ? Transaction.from(String(params[0]))
    : (params[0] as { readonly to?: string; readonly data?: string })
  if (to?.toLowerCase() !== String(ledger.enigma.target).toLowerCase() || data === undefined) return null
  const call = ledger.enigma.interface.parseTransaction({ data })
  if (call?.name !== 'setEpoch') return null
  const [d, seed, nextCommit] = call.args as unknown as [bigint, string, string]
  return { at: isSent ? 'sent' : 'drawn', d: String(d), seed: `${seed} ${nextCommit}` }
}

/** All that the principal lets its Ethereum nodes know of its seeds, whether a block has it or not. */
export class Offers {
  readonly #net: FaultNet
  readonly #seen: number[]
  readonly seeds = new Map<string, Set<string>>()

  constructor(net: FaultNet) {
    this.#net = net
    this.#seen = this.#fronts().map(front => front.calls.at(-1)?.number ?? -1)
  }

  /** @throws if it has told two different seeds, or commitments to the next, for one call */
  requireOneEach(): void {
    this.#look()
    const two = [...this.seeds].find(([, offered]) => offered.size > 1)
    must(two === undefined, `two seeds for call ${two?.[0]}: ${[...(two?.[1] ?? [])].join(', ')}`)
  }

  #look(): void {
    for (const [i, { calls }] of this.#fronts().entries()) {
      for (const call of calls) {
        if (call.number <= this.#seen[i]!) continue
        this.#seen[i] = call.number
        const offer = offerIn(this.#net, call)
        if (offer) this.seeds.set(offer.d, (this.seeds.get(offer.d) ?? new Set()).add(offer.seed))
      }
    }
  }

  #fronts() {
    return [this.#net.front('principal'), this.#net.secondFront('principal')]
  }
}

/** Ends the principal by SIGKILL when it comes to that moment. What it just asked or sent gets no answer, and nowhere. */
export async function diesAt(net: FaultNet, moment: Exclude<Moment, 'chance'>): Promise<void> {
  const fronts = [net.front('principal'), net.secondFront('principal')]
  let isDead = false
  for (const front of fronts) {
    front.behave(call => {
      if (isDead) return { kind: 'hang' }
      if (offerIn(net, call)?.at !== moment) return { kind: 'pass' }
      isDead = true
      void net.devnet.kill('principal', 'SIGKILL')
      return { kind: 'hang' }
    })
  }
  try {
    const gone = async (): Promise<true | undefined> => (net.devnet.principal.pid === undefined ? true : undefined)
    await net.eventually(`the principal to have the seed of its next call ${moment}`, gone)
  } finally {
    for (const front of fronts) front.behave(honest)
  }
}

/** Some time between a block before the next call is due and two later. */
export async function aroundTheNextCall({ devnet, ledger, eventually }: FaultNet, random: Random): Promise<void> {
  const due = Number(await ledger.enigma.getFunction('nextEpochBlock')())
  const instant = due - 1 + random.below(3)
  await eventually(`block ${instant}`, async () => ((await devnet.blockNumber()) >= instant ? true : undefined))
}
