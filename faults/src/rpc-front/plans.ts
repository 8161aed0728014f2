import type { Random } from '../random.ts'
import type { FrontFault, FrontPlan } from './rpc-front.ts'

/** A node behind a bad provider: this share of all calls fails in one of the ways that providers fail in. */
export function flapping(random: Random, share: number, hangs = true): FrontPlan {
  const ways: readonly FrontFault[] = [
    { kind: 'status', status: 429, retryAfterS: 1, body: 'Too many requests' },
    { kind: 'status', status: 500, body: 'Internal error' },
    { kind: 'status', status: 503 },
    { kind: 'html' },
    { kind: 'reset' },
    { kind: 'lose-answer' },
    { kind: 'truncate' },
    ...(hangs ? [{ kind: 'hang' } as const] : [])
  ]
  return () => (random.chance(share) ? random.pick(ways) : { kind: 'pass' })
}

/** Answers `eth_getLogs` without this share of the events. */
export function droppingLogs(
  random: Random,
  share: number,
  dropped: (log: unknown) => void = () => undefined
): FrontPlan {
  return ({ method }) =>
    method !== 'eth_getLogs'
      ? { kind: 'pass' }
      : {
          kind: 'lie',
          result: truth =>
            (truth as unknown[]).filter(log => {
              const drop = random.chance(share)
              if (drop) dropped(log)
              return !drop
            })
        }
}

/** Answers every question for a block with another hash (and, for logs, events of that other block). */
export function wrongBlocks(random: Random, share: number): FrontPlan {
  const wrongHash = (): string => `0x${Buffer.from(random.bytes(32)).toString('hex')}`
  return ({ method }) =>
    method === 'eth_getBlockByNumber' && random.chance(share)
      ? {
          kind: 'lie',
          result: truth => (truth === null ? null : { ...(truth as Record<string, unknown>), hash: wrongHash() })
        }
      : { kind: 'pass' }
}

/** Tells of another chain from a block on: each block has another hash, the same whenever it is asked for, and is the parent of the next. */
export function otherChain(random: Random, fromBlock: number): FrontPlan {
  const hashes = new Map<number, string>()
  const hashOf = (number: number): string => {
    const hash = hashes.get(number) ?? `0x${Buffer.from(random.bytes(32)).toString('hex')}`
    hashes.set(number, hash)
    return hash
  }
  type Fields = Readonly<Record<string, unknown>>
  const isOther = (block: number): boolean => block >= fromBlock
  const block = (truth: Fields): Fields => {
    const number = Number(truth['number'])
    if (!isOther(number)) return truth
    const parent = isOther(number - 1) ? { parentHash: hashOf(number - 1) } : {}
    return { ...truth, ...parent, hash: hashOf(number), logsBloom: `0x${'00'.repeat(256)}` }
  }
  const log = (truth: Fields): Fields => {
    const number = Number(truth['blockNumber'])
    return isOther(number) ? { ...truth, blockHash: hashOf(number) } : truth
  }
  return ({ method }) => {
    if (method === 'eth_getBlockByNumber') {
      return { kind: 'lie', result: truth => (truth === null ? null : block(truth as Fields)) }
    }
    if (method === 'eth_getLogs') return { kind: 'lie', result: truth => (truth as Fields[]).map(log) }
    return { kind: 'pass' }
  }
}
