import { randomBytes } from 'node:crypto'
import { DEFAULT_PRIME, Field, type Vec } from '../src/field/field.ts'
import { countTraffic, type Traffic } from '../src/session/counting-channel.ts'
import { agreeOnKeys } from '../src/session/keys.ts'
import { memoryChannels, type Intercept } from '../src/session/memory-channel.ts'
import type { Channel } from '../src/session/channel.ts'
import type { NumberFormat } from '../src/plan/room.ts'
import { Party, type Security } from '../src/session/party.ts'
import { Shamir } from '../src/sharing/shamir.ts'

export interface LocalOptions {
  readonly n?: number
  readonly t?: number
  readonly prime?: bigint
  readonly timeoutMs?: number
  readonly intercept?: Intercept
  readonly signal?: AbortSignal
  readonly security?: Security
  readonly numbers?: NumberFormat
  readonly session?: string
  readonly without?: readonly number[]
  /** Filled with what each party saw of a failed check. */
  readonly views?: Map<number, Uint8Array>
  /** Put around each party's channel. */
  readonly wrap?: (channel: Channel) => Channel
}

export interface LocalRun<T> {
  readonly results: T[]
  readonly traffic: Traffic[]
}

/** Runs one program at n parties of one process, on fresh keys, over counting memory channels. */
export async function runParties<T>(
  options: LocalOptions,
  program: (party: Party) => Promise<T>
): Promise<LocalRun<T>> {
  const { settled, traffic } = await settle(options, program)
  const failed = settled.find(result => result?.status === 'rejected')
  if (failed) throw failed.reason
  return { results: settled.map(result => (result as PromiseFulfilledResult<T>).value), traffic }
}

/** As `runParties`, but says what became of each party: its result, what it threw, or null if it was left out. */
export async function runEach<T>(
  options: LocalOptions,
  program: (party: Party) => Promise<T>
): Promise<(T | Error | null)[]> {
  const { settled } = await settle(options, program)
  return settled.map(result =>
    result === null ? null : result.status === 'fulfilled' ? result.value : (result.reason as Error)
  )
}

async function settle<T>(
  {
    n = 3,
    t = 1,
    prime = DEFAULT_PRIME,
    timeoutMs = 15_000,
    intercept,
    signal,
    security = 'passive',
    numbers,
    session = randomBytes(16).toString('hex'),
    wrap = channel => channel,
    without = [],
    views
  }: LocalOptions,
  program: (party: Party) => Promise<T>
): Promise<{ settled: (PromiseSettledResult<T> | null)[]; traffic: Traffic[] }> {
  const field = Field.of(prime)
  const keys = await Promise.all(memoryChannels(n).map(channel => agreeOnKeys(channel, t, 'test', { timeoutMs })))
  const channels = memoryChannels(n, intercept).map(countTraffic)
  const start = (channel: Channel, i: number): Promise<T> => {
    const party = Party.create({
      field,
      n,
      t,
      channel,
      keys: keys[i]!,
      session,
      timeoutMs,
      security,
      without,
      onDispute: view => views?.set(i, view),
      ...(signal ? { signal } : {}),
      ...(numbers ? { numbers } : {})
    })
    return program(party)
  }
  const settled = await Promise.all(
    channels.map(wrap).map(async (channel, i) => {
      if (without.includes(i)) return null
      const [result] = await Promise.allSettled([(async () => start(channel, i))()])
      return result
    })
  )
  return { settled, traffic: channels.map(channel => channel.traffic) }
}

/** Shares of values for a test, all rows at once. */
export function dealLocally(values: readonly bigint[], n: number, t: number, prime = DEFAULT_PRIME): Vec[] {
  const field = Field.of(prime)
  const random = Array.from({ length: t }, () => field.sample(values.length, size => randomBytes(size)))
  return new Shamir(field, n, t).split(field.from(values), random)
}
