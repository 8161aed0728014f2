import { codeOf } from '@enigma/protocol'
import { combine } from '../src/client.ts'
import type { MpcError } from '../src/errors.ts'
import { DEFAULT_PRIME, Field, type Vec } from '../src/field/field.ts'
import { agreeOnKeys } from '../src/session/keys.ts'
import { memoryChannels, type Intercept } from '../src/session/memory-channel.ts'
import { Party } from '../src/session/party.ts'
import type { Setting, Target } from './catalogue/protocol.ts'

export type Tampering = 'change' | 'random' | 'drop' | 'late' | 'repeat' | 'twice' | 'delay' | 'shorten' | 'output'
export const TAMPERINGS: readonly Tampering[] = [
  'change',
  'random',
  'drop',
  'late',
  'repeat',
  'twice',
  'delay',
  'shorten',
  'output'
]
/** After which a node counts as silent, where one is meant to be; others wait long, for a machine that is busy. */
const SILENCE_MS = 150
const PATIENCE_MS = 20_000
const DELAY_MS = 15
/** Well after everyone has given up. */
const LATE_MS = 3 * SILENCE_MS

export interface Attack extends Setting {
  readonly culprit: number
  readonly kind: Tampering
  /** Which of the culprit's messages. */
  readonly at: number
  /** Where in the message, and what is added: from a seeded source. */
  readonly random: () => number
}

export interface Outcome {
  /** What the receiver got, or null if it got nothing. */
  readonly values: readonly bigint[] | null
  /** Codes of the honest parties' errors, and the receiver's. */
  readonly codes: readonly string[]
  /** Parties named alone, for wrong shares that were corrected. */
  readonly named: readonly number[]
  /** One set for each honest party whose error accuses somebody: a node, or two of whom one is at fault. */
  readonly accused: readonly (readonly number[])[]
  /** Whom honest parties call silent. */
  readonly silent: readonly number[]
  /** A message went out with other bytes than it should have, or not in time. */
  readonly struck: boolean
}

/** How many messages each party sends when all are honest. */
export async function countMessages(setting: Setting, start: (setting: Setting) => Target): Promise<number[]> {
  const counts = Array<number>(setting.n).fill(0)
  await play(setting, start(setting), PATIENCE_MS, message => {
    counts[message.from]!++
    return message.body
  })
  return counts
}

/** Runs the program in active mode with one message of one party tampered with. */
export async function attack(start: (setting: Setting) => Target, attack: Attack): Promise<Outcome> {
  const { n, t, culprit, kind, at, random } = attack
  const field = Field.of(DEFAULT_PRIME)
  const change = (body: Uint8Array): Uint8Array => {
    if (kind === 'shorten') return body.subarray(0, Math.floor(body.length * random()))
    // not slice, which for a Buffer is a view of the same memory
    const out = new Uint8Array(body)
    if (kind === 'random' || body.length % field.bytes !== 0) {
      out[Math.floor(random() * out.length)]! ^= 1 + Math.floor(random() * 255)
      return out
    }
    const elements = field.fromBytes(out)
    const i = Math.floor(random() * field.length(elements))
    const delta = field.constant(random() < 0.5 ? 1n : 2n ** BigInt(Math.floor(random() * 160)))
    elements.set(field.add(field.slice(elements, i, i + 1), delta), i * field.limbs)
    return field.toBytes(elements)
  }
  let seen = 0
  let struck = false
  const earlier: Uint8Array[] = []
  /** An earlier message of this party: the last of the same length that says something else; or as much as fits of another; or the opposite. */
  const replay = (body: Uint8Array): Uint8Array => {
    const fitted = earlier
      .filter(({ length }) => length > 0)
      .sort((one, other) => Number(one.length === body.length) - Number(other.length === body.length))
      .map(old => Uint8Array.from(body, (_, i) => old[i % old.length]!))
    const different = (each: Uint8Array): boolean => Buffer.compare(each, body) !== 0
    return fitted.findLast(different) ?? Uint8Array.from(body, byte => byte ^ 1)
  }
  const intercept: Intercept = ({ from, body }) => {
    if (from !== culprit || kind === 'output') return body
    if (seen++ !== at) {
      earlier.push(body)
      return body
    }
    struck = true
    if (kind === 'drop') return null
    if (kind === 'late') return [{ body, afterMs: LATE_MS }]
    if (kind === 'delay') return [{ body, afterMs: DELAY_MS }]
    if (kind === 'twice') return [0, 0].map(afterMs => ({ body, afterMs }))
    const sent = kind === 'repeat' ? replay(body) : change(body)
    struck = Buffer.compare(sent, body) !== 0
    return sent
  }
  const timeoutMs = kind === 'drop' || kind === 'late' ? SILENCE_MS : PATIENCE_MS
  const { rows, errors, suspects } = await play({ n, t }, start({ n, t }), timeoutMs, intercept)
  const delivered = rows.flatMap((shares, index) => {
    if (!shares) return []
    const bad = kind === 'output' && index === culprit
    return [{ index, shares: bad ? field.add(shares, field.constant(BigInt(1 + Math.floor(random() * 1e9)))) : shares }]
  })
  const honest = errors.filter((_, index) => index !== culprit)
  const codes = honest.map(error => (error ? codeOf(error) : 'none'))
  const facts = honest.flatMap(error => (error ? [(error as MpcError).facts ?? {}] : []))
  const accused = facts.flatMap(fact =>
    'nodes' in fact && fact.nodes ? [fact.nodes] : 'code' in fact && fact.code === 'MPC_MESSAGE' ? [[fact.from]] : []
  )
  const silent = facts.flatMap(fact => ('code' in fact && fact.code === 'MPC_TIMEOUT' ? [fact.from] : []))
  try {
    const { values, wrong } = combine(delivered, { prime: DEFAULT_PRIME, n, t })
    return {
      values: field.toSigned(values),
      codes,
      named: [...new Set([...wrong, ...suspects])],
      accused,
      silent,
      struck
    }
  } catch (error) {
    return { values: null, codes: [...codes, codeOf(error)], named: suspects, accused, silent, struck }
  }
}

/** An honest run, perhaps without some nodes. */
export async function repeat(
  setting: Setting,
  start: (setting: Setting) => Target,
  without: readonly number[]
): Promise<readonly bigint[]> {
  const { rows } = await play(setting, start(setting), PATIENCE_MS, ({ body }) => body, without)
  const delivered = rows.flatMap((shares, index) => (shares ? [{ index, shares }] : []))
  return Field.of(DEFAULT_PRIME).toSigned(combine(delivered, { prime: DEFAULT_PRIME, ...setting }).values)
}

async function play(
  { n, t }: Setting,
  program: Target,
  timeoutMs: number,
  intercept: Intercept,
  without: readonly number[] = []
): Promise<{ rows: (Vec | null)[]; errors: (Error | null)[]; suspects: number[] }> {
  const field = Field.of(DEFAULT_PRIME)
  const keys = await keysFor(n, t)
  const session = `attack ${Math.random()}`
  const controller = new AbortController()
  const suspects = new Set<number>()
  const errors: (Error | null)[] = Array<null>(n).fill(null)
  const rows = await Promise.all(
    memoryChannels(n, intercept).map(async (channel, index) => {
      if (without.includes(index)) return null
      try {
        const party = Party.create({
          ...{ field, n, t, channel, keys: keys[index]!, session, timeoutMs, without },
          signal: controller.signal,
          security: 'active'
        })
        const shares = await program(party)
        for (const suspect of party.suspects) suspects.add(suspect)
        return shares
      } catch (error) {
        errors[index] = error as Error
        // a host ends the session for all once a party reports a failure, after a moment in which others see it too: as long as they wait
        // for silence, since one may wait for an honest party that waits for the silent one, and their deadlines are a moment apart
        setTimeout(() => controller.abort(), timeoutMs === SILENCE_MS ? SILENCE_MS : 5)
        return null
      }
    })
  )
  return { rows, errors, suspects: [...suspects] }
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
