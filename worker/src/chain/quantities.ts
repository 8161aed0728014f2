import { hash, type Hash } from '@enigma/protocol'

/** JSON-RPC's hexadecimal quantities, checked on the way in. */
export const toQuantity = (value: number | bigint): string => `0x${value.toString(16)}`

export function fromQuantity(value: unknown): bigint {
  if (typeof value !== 'string' || !/^0x[0-9a-fA-F]{1,64}$/.test(value)) throw new Error('Not a JSON-RPC quantity.')
  return BigInt(value)
}

export function numberOf(value: unknown): number {
  const number = Number(fromQuantity(value))
  if (!Number.isSafeInteger(number)) throw new Error('A JSON-RPC quantity is beyond 2^53.')
  return number
}

export interface BlockHeader {
  readonly number: number
  readonly hash: Hash
  readonly parentHash: Hash
  readonly time: number // seconds
  /** Of all events of the block; null from a node that does not tell. */
  readonly logsBloom: string | null
}

/** @returns null for a block that the node does not have. */
export function headerOf(block: unknown): BlockHeader | null {
  if (block === null || typeof block !== 'object') return null
  const b = block as Record<string, unknown>
  return {
    number: numberOf(b['number']),
    hash: hash(String(b['hash'])),
    parentHash: hash(String(b['parentHash'])),
    time: numberOf(b['timestamp']),
    logsBloom: typeof b['logsBloom'] === 'string' && /^0x[0-9a-f]{512}$/i.test(b['logsBloom']) ? b['logsBloom'] : null
  }
}

/** A log as the node gives it; kept in the index as it came, so that decoding can be repeated. */
export interface RawLog {
  readonly topics: readonly string[]
  readonly data: string
  readonly blockNumber: number
  readonly blockHash: Hash
  readonly logIndex: number
}

export function rawLogOf(log: unknown): RawLog {
  const l = log as Record<string, unknown>
  if (l['removed'] === true) throw new Error('A removed log.')
  return {
    topics: (l['topics'] as unknown[]).map(String),
    data: String(l['data']),
    blockNumber: numberOf(l['blockNumber']),
    blockHash: hash(String(l['blockHash'])),
    logIndex: numberOf(l['logIndex'])
  }
}
