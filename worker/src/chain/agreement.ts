import { setTimeout as sleep } from 'node:timers/promises'
import { asError } from '@enigma/protocol'
import { WorkerError } from '../errors.ts'
import type { Blocks, BlockSource } from './block-source.ts'
import type { BlockHeader, RawLog } from './quantities.ts'

export interface AgreementOptions {
  readonly alarm: (code: string, message: string) => void
  readonly now?: () => number // ms
  readonly pauseMs?: number
}

/** Younger blocks than these may differ for a moment between honest nodes. */
const TIP_BLOCKS = 3
/** A node whose head stands still for so long while another's moves has no vote on where the head is. */
const STANDSTILL_MS = 30_000
/** Events that differ are asked for again: one of the nodes may have left some out. */
const ATTEMPTS = 3
/** An endpoint that failed is left alone for a while; the pauses double. */
const FIRST_REST_MS = 500
const LONGEST_REST_MS = 30_000

interface Voice {
  readonly source: BlockSource
  readonly index: number
  head: number
  movedAt: number
  failedAt: number
  restMs: number // 0 while it answers
}
interface Vote<T> {
  readonly voice: Voice
  readonly value: T
}

/**
 * One view of the chain out of several endpoints (docs/spec/operations.md): what is believed is what more than half of those
 * that answer say, so with two of them both. Silent endpoints have no vote. While there is no such majority nothing is read:
 * the index stands still, and nothing is run or sent, until they agree again.
 */
export function agreedSource(sources: readonly BlockSource[], options: AgreementOptions): BlockSource {
  const { alarm, now = () => performance.now(), pauseMs = 250 } = options
  const voices = sources.map((source, index): Voice => ({
    source,
    index,
    head: -1,
    movedAt: now(),
    failedAt: 0,
    restMs: 0
  }))

  /** Asks all that do not rest; all of them, if every one rests. @throws the first failure if none answers */
  async function ask<T>(question: (source: BlockSource) => Promise<T>): Promise<Vote<T>[]> {
    const awake = voices.filter(voice => now() - voice.failedAt >= voice.restMs)
    const failures: unknown[] = []
    const votes = await Promise.all(
      (awake.length > 0 ? awake : voices).map(async (voice): Promise<Vote<T>[]> => {
        try {
          const value = await question(voice.source)
          voice.restMs = 0
          return [{ voice, value }]
        } catch (error) {
          failures.push(error)
          if (!(error instanceof WorkerError && error.code === 'CHAIN_INCONSISTENT')) {
            voice.failedAt = now()
            voice.restMs = Math.min(LONGEST_REST_MS, Math.max(FIRST_REST_MS, 2 * voice.restMs))
          }
          return []
        }
      })
    )
    if (votes.flat().length === 0) throw asError(failures[0])
    return votes.flat()
  }

  /** What more than half say; null if there is no such thing. */
  function majority<T>(votes: readonly Vote<T>[], keyOf: (value: T) => string): T | null {
    const groups = new Map<string, Vote<T>[]>()
    for (const vote of votes) groups.set(keyOf(vote.value), [...(groups.get(keyOf(vote.value)) ?? []), vote])
    const largest = [...groups.values()].sort((a, b) => b.length - a.length)[0]
    if (!largest || 2 * largest.length <= votes.length) return null
    for (const { voice } of votes.filter(vote => !largest.includes(vote))) {
      alarm('CHAIN_DISAGREEMENT', `Endpoint ${voice.index} of --chain-url contradicts the others; it was overruled.`)
    }
    return largest[0]!.value
  }

  const disagreement = (what: string): WorkerError => {
    const message = `The endpoints of --chain-url contradict each other about ${what}; nothing more is read until they agree.`
    alarm('CHAIN_DISAGREEMENT', message)
    return new WorkerError({ code: 'CHAIN_DISAGREEMENT', what }, message, {
      hint: 'Find out which endpoint is wrong and take it out of --chain-url. With three, one wrong endpoint is overruled.'
    })
  }

  async function agreed<T>(
    what: string,
    question: (source: BlockSource) => Promise<T>,
    keyOf: (value: T) => string
  ): Promise<T> {
    for (let tries = 1; ; tries++) {
      const votes = await ask(question)
      const isLast = tries === ATTEMPTS
      const found = allSame(votes, keyOf) || isLast ? majority(votes, keyOf) : null
      if (found !== null) return found
      if (isLast) throw disagreement(what)
      await sleep(pauseMs)
    }
  }

  const logKey = (log: RawLog): string => JSON.stringify([log.blockHash, log.logIndex, log.topics, log.data])
  const headerKey = (header: BlockHeader | null): string => header?.hash ?? 'none'
  const blocksKey = ({ headers, logs }: Blocks): string =>
    JSON.stringify([
      headers.map(header => [header.number, header.hash, header.parentHash, header.time]),
      logs.map(logKey)
    ])

  function noteHeads(votes: readonly Vote<BlockHeader>[]): Vote<BlockHeader>[] {
    for (const { voice, value } of votes) {
      if (value.number === voice.head) continue
      voice.head = value.number
      voice.movedAt = now()
    }
    const newest = Math.max(...votes.map(vote => vote.value.number))
    const moving = votes.filter(({ voice, value }) => value.number === newest || now() - voice.movedAt < STANDSTILL_MS)
    for (const { voice } of votes.filter(vote => !moving.includes(vote))) {
      alarm('CHAIN_ENDPOINT_BEHIND', `The head of endpoint ${voice.index} of --chain-url stands still.`)
    }
    return moving
  }

  return {
    /** The newest block that more than half have and agree on. */
    async latest() {
      const heads = noteHeads(await ask(source => source.latest()))
      if (heads.length === 1) return heads[0]!.value
      const numbers = heads.map(vote => vote.value.number).sort((a, b) => b - a)
      const highest = numbers[Math.floor(heads.length / 2)]!
      for (let number = highest; number >= Math.max(0, highest - TIP_BLOCKS); number--) {
        const votes = await Promise.all(
          heads.map(async ({ voice, value }): Promise<Vote<BlockHeader | null>> => ({
            voice,
            value: value.number === number ? value : await voice.source.header(number).catch(() => null)
          }))
        )
        const known = votes.filter(vote => vote.value !== null)
        const isOldEnough = number === Math.max(0, highest - TIP_BLOCKS)
        const found = allSame(known, headerKey) || isOldEnough ? majority(known, headerKey) : majorityQuietly(known)
        if (found) return found
      }
      throw disagreement(`block ${highest}`)
    },
    header: number => agreedHeader(number),
    linked: (from, to) => agreed(`blocks ${from} to ${to}`, source => source.linked(from, to), blocksKey),
    // Each says by itself what it has at this height: one that does not know the block has a vote against it.
    ofBlock: ({ number }) => agreed(`block ${number}`, source => source.linked(number, number), blocksKey),
    sparse: (from, to) => agreed(`blocks ${from} to ${to}`, source => source.sparse(from, to), blocksKey),
    /** Those that more than half know of. */
    async again(from, to) {
      const votes = await ask(source => source.again(from, to))
      const known = new Map<string, { log: RawLog; times: number }>()
      for (const { value } of votes) {
        for (const log of value) {
          const key = logKey(log)
          known.set(key, { log, times: (known.get(key)?.times ?? 0) + 1 })
        }
      }
      return [...known.values()].filter(({ times }) => 2 * times > votes.length).map(({ log }) => log)
    }
  }

  /** At the tip a minority may just be on another fork for a moment: no alarm. */
  function majorityQuietly(votes: readonly Vote<BlockHeader | null>[]): BlockHeader | null {
    const counts = new Map<string, number>()
    for (const { value } of votes) counts.set(headerKey(value), (counts.get(headerKey(value)) ?? 0) + 1)
    return votes.find(({ value }) => 2 * counts.get(headerKey(value))! > votes.length)?.value ?? null
  }

  async function agreedHeader(number: number): Promise<BlockHeader | null> {
    const wrapped = await agreed(
      `block ${number}`,
      async source => ({ header: await source.header(number) }),
      ({ header }) => headerKey(header)
    )
    return wrapped.header
  }
}

function allSame<T>(votes: readonly Vote<T>[], keyOf: (value: T) => string): boolean {
  return new Set(votes.map(vote => keyOf(vote.value))).size === 1
}
