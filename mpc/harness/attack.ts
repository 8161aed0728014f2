import { combine } from '../src/client.ts'
import { codeOf } from '@enigma/protocol'
import { DEFAULT_PRIME, Field, type Vec } from '../src/field/field.ts'
import { agreeOnKeys } from '../src/session/keys.ts'
import { memoryChannels, type Intercept } from '../src/session/memory-channel.ts'
import { Party } from '../src/session/party.ts'

export type Tampering = 'change' | 'random' | 'drop' | 'repeat' | 'shorten' | 'output'
export const TAMPERINGS: readonly Tampering[] = ['change', 'random', 'drop', 'repeat', 'shorten', 'output']

export interface Attack {
  readonly n: number
  readonly t: number
  readonly culprit: number
  readonly kind: Tampering
  /** Which of the culprit's messages, as a fraction of all it sends. */
  readonly place: number
  /** Where in the message, and what is added: from a seeded source. */
  readonly random: () => number
  readonly timeoutMs: number
}

export interface Outcome {
  /** What the receiver got, or null if it got nothing. */
  readonly values: readonly bigint[] | null
  /** Codes of the honest parties' errors, and the receiver's. */
  readonly codes: readonly string[]
  readonly named: readonly number[]
}

/** A program whose result, as released shares, the receiver knows how to judge. */
export type Target = (party: Party) => Promise<Vec>

/** How many messages each party sends when all are honest. */
export async function countMessages(n: number, t: number, program: Target): Promise<number[]> {
  const counts = Array<number>(n).fill(0)
  await play(n, t, program, 10_000, message => {
    counts[message.from]!++
    return message.body
  })
  return counts
}

/** Runs the program in active mode with one message of one party tampered with. */
export async function attack(
  program: Target,
  { n, t, culprit, kind, place, random, timeoutMs }: Attack,
  total: number
): Promise<Outcome> {
  const field = Field.of(DEFAULT_PRIME)
  const at = Math.floor(place * total)
  let seen = 0
  const tamper = (body: Uint8Array): Uint8Array | null => {
    if (kind === 'drop') return null
    if (kind === 'shorten') return body.subarray(0, Math.floor(body.length * random()))
    const out = body.slice()
    if (kind === 'random' || body.length < field.bytes) {
      out[Math.floor(random() * out.length)]! ^= 1 + Math.floor(random() * 255)
      return out
    }
    const elements = field.fromBytes(out)
    const i = Math.floor(random() * field.length(elements))
    const delta = field.constant(random() < 0.5 ? 1n : 2n ** BigInt(Math.floor(random() * 160)))
    elements.set(field.add(field.slice(elements, i, i + 1), delta), i * field.limbs)
    return field.toBytes(elements)
  }
  let previous: Uint8Array | null = null
  const { rows, codes, suspects } = await play(n, t, program, timeoutMs, ({ from, body }) => {
    if (from !== culprit || kind === 'output') return body
    const mine = seen++
    if (mine !== at) {
      previous = body
      return body
    }
    // a replay of the party's last message of the same length, or else nothing new
    if (kind === 'repeat') return previous?.length === body.length ? previous : body
    return tamper(body)
  })
  const delivered = rows.flatMap((shares, index) => {
    if (!shares) return []
    const bad = kind === 'output' && index === culprit
    return [{ index, shares: bad ? field.add(shares, field.constant(BigInt(1 + Math.floor(random() * 1e9)))) : shares }]
  })
  const honest = codes.filter((_, index) => index !== culprit)
  try {
    const { values, wrong } = combine(delivered, { prime: DEFAULT_PRIME, n, t })
    return { values: field.toSigned(values), codes: honest, named: [...new Set([...wrong, ...suspects])] }
  } catch (error) {
    return { values: null, codes: [...honest, codeOf(error)], named: suspects }
  }
}

async function play(
  n: number,
  t: number,
  program: Target,
  timeoutMs: number,
  intercept: Intercept
): Promise<{ rows: (Vec | null)[]; codes: string[]; suspects: number[] }> {
  const field = Field.of(DEFAULT_PRIME)
  const keys = await keysFor(n, t)
  const session = `attack ${Math.random()}`
  const controller = new AbortController()
  const suspects = new Set<number>()
  const codes: string[] = []
  const rows = await Promise.all(
    memoryChannels(n, intercept).map(async (channel, index) => {
      const party = Party.create({
        field,
        n,
        t,
        channel,
        keys: keys[index]!,
        session,
        timeoutMs,
        signal: controller.signal,
        security: 'active'
      })
      try {
        const shares = await program(party)
        for (const suspect of party.suspects) suspects.add(suspect)
        return shares
      } catch (error) {
        codes[index] = codeOf(error)
        // a host ends the session for all once a party reports a failure
        setTimeout(() => controller.abort(), 1)
        return null
      }
    })
  )
  return { rows, codes: Array.from({ length: n }, (_, i) => codes[i] ?? 'none'), suspects: [...suspects] }
}

const known = new Map<string, ReturnType<typeof agreeOnKeys>[]>()
async function keysFor(n: number, t: number): Promise<Awaited<ReturnType<typeof agreeOnKeys>>[]> {
  const name = `${n}/${t}`
  if (!known.has(name))
    known.set(
      name,
      memoryChannels(n).map(channel => agreeOnKeys(channel, t, 'attack', { timeoutMs: 10_000 }))
    )
  return Promise.all(known.get(name)!)
}

/** mulberry32: small, seeded, good enough to choose where to strike. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let x = Math.imul(state ^ (state >>> 15), 1 | state)
    x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32
  }
}
