import { release } from '../../src/protocols/release.ts'
import type { Vec } from '../../src/field/field.ts'
import type { Channel } from '../../src/session/channel.ts'
import { Party, type Security } from '../../src/session/party.ts'
import { dealLocally } from '../local-parties.ts'
import type { Intercept } from '../../src/session/memory-channel.ts'
import { precisionOf } from './play.ts'

export interface Setting {
  readonly n: number
  readonly t: number
}

/** A program at one party; its result is released and judged by whoever puts it together. */
export type Target = (party: Party) => Promise<Vec>
/** The same for inputs that are repeated so many times. */
export type Run = (party: Party, times?: number) => Promise<Vec>

/** One protocol with a result that can be judged: for tests of attacks and of costs. */
export interface Protocol {
  /** Module and export, and perhaps what is special. */
  readonly name: string
  /** Called once a run: what the parties share (a validator), and what each runs. */
  readonly start: (setting: Setting, times?: number) => Target
  readonly right: (values: readonly bigint[], setting: Setting) => boolean
  /** A failed check at n >= 3t + 1 names somebody. */
  readonly blames?: boolean
  /** Elements of the input, or what else it is: 4 elements if nothing is said. */
  readonly size?: number | string
  /** Also counted on so many times the input. */
  readonly batch?: number
  /** Passive only, active only, or both. */
  readonly modes?: readonly Security[]
  /** Networks that it is for; all of them if nothing is said. */
  readonly fits?: (setting: Setting) => boolean
  /** The inside of another protocol, or one that stands against no attack: it is counted and judged, not attacked. */
  readonly inside?: boolean
  /** Done to messages while its costs are counted: of what runs after a failure only. */
  readonly tamper?: () => Intercept
}

export const X = [3n, -5n, 7n, 0n]
export const Y = [-2n, 6n, 7n, 1n]
const deals = new Map<string, Vec[]>()
/** This party's shares of fixed values, dealt once for each setting. */
export const share = (party: Party, own: readonly bigint[], times = 1): Vec => {
  const values = times === 1 ? own : Array.from({ length: times }, () => own).flat()
  const name = `${party.n}/${party.t}/${party.field.p}/${values}`
  if (!deals.has(name)) deals.set(name, dealLocally(values, party.n, party.t, party.field.p))
  return deals.get(name)![party.index]!
}
export const is =
  (...wanted: readonly bigint[]) =>
  (values: readonly bigint[]): boolean =>
    String(values) === String(wanted)
export const near =
  (...wanted: readonly number[]) =>
  (values: readonly bigint[], { n, t }: Setting): boolean => {
    const { truncation } = precisionOf(n, t)
    return values.length === wanted.length && values.every((v, i) => Math.abs(Number(v) - wanted[i]!) <= truncation)
  }
export const released =
  (run: Run): Protocol['start'] =>
  (_, times) =>
  async party =>
    release(party, await run(party, times))
export const simple = (
  name: string,
  run: Run,
  right: Protocol['right'],
  more: Pick<Protocol, 'batch' | 'size'> = {}
): Protocol => ({
  ...{ name: `protocols/${name}`, start: released(run), right, blames: true },
  ...more
})

/** A second session over the same links. */
export const again = (
  party: Party,
  session: string,
  change: { channel?: Channel; keys?: Party['session']['keys'] } = {}
): Party => {
  const { field, n, t, channel, keys, timeoutMs, signal, security, onDispute } = party.session
  return Party.create({
    ...{ field, n, t, channel, keys, timeoutMs, security, session: `${session}/${party.id}`, ...change },
    ...(signal ? { signal } : {}),
    ...(onDispute ? { onDispute } : {})
  })
}
