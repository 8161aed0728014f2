import { hash, randomBytes, timingSafeEqual } from 'node:crypto'
import { MpcError } from '../errors.ts'
import { keySets } from '../sharing/subsets.ts'
import type { Channel, WaitOptions } from './channel.ts'

const KEY_BYTES = 32

/** The long-term keys of one party in one epoch. 32 bytes each. */
export interface PartyKeys {
  /** By set number; null where this party is not a member. */
  readonly sets: readonly (Uint8Array | null)[]
  /** By party; null at its own place. */
  readonly pairs: readonly (Uint8Array | null)[]
}

/**
 * Agrees on the keys over an encrypted channel: the first member of each set (and of each pair) draws and sends, then all
 * members compare hashes. 2 rounds, once per epoch.
 *
 * A corrupt member may choose a key it would know anyway; it cannot make honest members hold different ones.
 *
 * - Shapes: a key of 32 bytes for each set of n - t parties, and for each pair.
 * - Security: at most t corrupt parties, which know the keys of their own sets anyway. They cannot make honest members hold different ones.
 * @throws MPC_DISPUTE if two members were given different keys: the one who drew it, and the one who says it holds another.
 * @see Cramer, Damgard, Ishai, TCC 2005; docs/spec/mpc.md 3.
 * @cost n = 3, new keys and 4 products under them: passive 2 rounds, 224 bytes; active, proved 6 rounds, 840 bytes
 * @cost n = 4, new keys and 4 products under them: passive 3 rounds, 672 bytes; active, proved 11 rounds, 1482 bytes
 */
export async function agreeOnKeys(channel: Channel, t: number, epoch: string, wait: WaitOptions): Promise<PartyKeys> {
  const { index, size: n } = channel
  const operation = hash('sha256', `enigma/mpc/keys/1/${epoch}`, 'hex').slice(0, 32)
  const members = [...keySets(n, t)]
  for (let a = 0; a < n; a++) for (let b = a + 1; b < n; b++) members.push([a, b])
  const keys: (Uint8Array | null)[] = members.map(() => null)
  for (const [number, set] of members.entries()) {
    if (set[0] !== index) continue
    const key = new Uint8Array(randomBytes(KEY_BYTES))
    keys[number] = key
    for (const member of set) if (member !== index) await channel.send(member, operation, 2 * number, key, wait)
  }
  for (const [number, set] of members.entries()) {
    if (set[0] === index || !set.includes(index)) continue
    keys[number] = (await channel.receive(set[0]!, operation, 2 * number, KEY_BYTES, wait)).slice()
  }
  const digest = (number: number): Uint8Array =>
    hash('sha256', Buffer.concat([Buffer.from(`enigma/mpc/key-check/1/${epoch}/${number}/`), keys[number]!]), 'buffer')
  for (const [number, set] of members.entries()) {
    if (set.length < 3 || !set.includes(index)) continue
    for (const member of set)
      if (member !== index) await channel.send(member, operation, 2 * number + 1, digest(number), wait)
  }
  for (const [number, set] of members.entries()) {
    if (set.length < 3 || !set.includes(index)) continue
    for (const member of set) {
      if (member === index) continue
      const other = await channel.receive(member, operation, 2 * number + 1, KEY_BYTES, wait)
      if (!timingSafeEqual(other, digest(number))) {
        const nodes = [...new Set([set[0]!, member])].sort((a, b) => a - b)
        throw new MpcError(
          { code: 'MPC_DISPUTE', nodes },
          `Nodes ${nodes.join(' and ')} do not agree on key set ${number}: one of them is at fault.`
        )
      }
    }
  }
  const sets = keySets(n, t).length
  const pairs: (Uint8Array | null)[] = Array<Uint8Array | null>(n).fill(null)
  members.slice(sets).forEach(([a, b], i) => {
    if (a === index) pairs[b!] = keys[sets + i]!
    if (b === index) pairs[a!] = keys[sets + i]!
  })
  return { sets: keys.slice(0, sets), pairs }
}
