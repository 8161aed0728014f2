import { randomBytes } from 'node:crypto'
import { DEFAULT_PRIME, Field, type Vec } from '../src/field/field.ts'
import { countTraffic, type Traffic } from '../src/session/counting-channel.ts'
import { agreeOnKeys } from '../src/session/keys.ts'
import { memoryChannels, type Intercept } from '../src/session/memory-channel.ts'
import type { Channel } from '../src/session/channel.ts'
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
  readonly session?: string
  /** Put around each party's channel. */
  readonly wrap?: (channel: Channel) => Channel
}

export interface LocalRun<T> {
  readonly results: T[]
  readonly traffic: Traffic[]
}

/** Runs one program at n parties of one process, on fresh keys, over counting memory channels. */
export async function runParties<T>(
  {
    n = 3,
    t = 1,
    prime = DEFAULT_PRIME,
    timeoutMs = 15_000,
    intercept,
    signal,
    security = 'passive',
    session = randomBytes(16).toString('hex'),
    wrap = channel => channel
  }: LocalOptions,
  program: (party: Party) => Promise<T>
): Promise<LocalRun<T>> {
  const field = Field.of(prime)
  const keys = await Promise.all(memoryChannels(n).map(channel => agreeOnKeys(channel, t, 'test', { timeoutMs })))
  const channels = memoryChannels(n, intercept).map(countTraffic)
  const wrapped = channels.map(wrap)
  const settled = await Promise.allSettled(
    wrapped.map((channel, i) =>
      program(
        Party.create({
          field,
          n,
          t,
          channel,
          keys: keys[i]!,
          session,
          timeoutMs,
          security,
          ...(signal ? { signal } : {})
        })
      )
    )
  )
  const failed = settled.find(result => result.status === 'rejected')
  if (failed) throw failed.reason
  return {
    results: settled.map(result => (result as PromiseFulfilledResult<T>).value),
    traffic: channels.map(channel => channel.traffic)
  }
}

/** Shares of values for a test, all rows at once. */
export function dealLocally(values: readonly bigint[], n: number, t: number, prime = DEFAULT_PRIME): Vec[] {
  const field = Field.of(prime)
  const random = Array.from({ length: t }, () => field.sample(values.length, size => randomBytes(size)))
  return new Shamir(field, n, t).split(field.from(values), random)
}
