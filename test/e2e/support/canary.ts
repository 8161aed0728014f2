import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import type { DevnetChain } from './chain-data.ts'

/** A value that must not appear anywhere, and every form in which it is looked for. */
export interface Canary {
  readonly name: string
  readonly value: bigint
  readonly needles: readonly Needle[]
}

export interface Needle {
  readonly form: string
  readonly bytes: Buffer
}

/** Where a canary was seen. */
export interface Sighting {
  readonly canary: string
  readonly form: string
  readonly where: string
  readonly offset: number
}

/** A random 128-bit number without leading zero bits, so that every form of it is long enough not to appear by chance. */
export function randomCanary(name: string): Canary {
  const bytes = randomBytes(16)
  bytes[0] = (bytes[0] ?? 0) | 0x80
  return canaryOf(name, BigInt(`0x${bytes.toString('hex')}`))
}

/** Big and little endian bytes, hex of both in both cases, decimal, and base64 of both in both alphabets at all three alignments. */
export function canaryOf(name: string, value: bigint): Canary {
  const hex = value.toString(16)
  const big = Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex')
  if (big.length < 12) throw new Error(`${name} is too short to be looked for`)
  const little = Buffer.from(big).reverse()
  const text = (form: string, string: string): Needle => ({ form, bytes: Buffer.from(string, 'latin1') })
  const both = [
    ['big endian', big],
    ['little endian', little]
  ] as const
  const needles = both.flatMap(([order, bytes]) => [
    { form: order, bytes },
    text(`${order} hex`, bytes.toString('hex')),
    text(`${order} HEX`, bytes.toString('hex').toUpperCase()),
    ...[0, 1, 2].flatMap(shift => base64At(bytes, shift).map(string => text(`${order} base64 +${shift}`, string)))
  ])
  const decimal = value.toString()
  needles.push(text('decimal', decimal), { form: 'decimal UTF-16', bytes: Buffer.from(decimal, 'utf16le') })
  return { name, value, needles }
}

/** The characters of base64 that depend on `bytes` alone when `shift` bytes stand before them in their group of three. */
function base64At(bytes: Buffer, shift: number): string[] {
  const padded = Buffer.concat([Buffer.alloc(shift), bytes])
  const whole = Math.floor((padded.length * 8) / 6)
  const first = Math.ceil((shift * 8) / 6)
  return [...new Set([padded.toString('base64'), padded.toString('base64url')])].map(string =>
    string.slice(first, whole)
  )
}

export function findIn(where: string, bytes: Uint8Array, canaries: readonly Canary[]): Sighting[] {
  const haystack = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return canaries.flatMap(({ name, needles }) =>
    needles.flatMap(({ form, bytes: needle }) => {
      const offset = haystack.indexOf(needle)
      return offset < 0 ? [] : [{ canary: name, form, where, offset }]
    })
  )
}

/** What a search looked through, so that a test can tell "nothing found" from "nothing looked at". */
export interface Search {
  readonly sightings: readonly Sighting[]
  readonly files: number
  readonly bytes: number
}

/**
 * Every file under a folder: logs, databases, captured traffic. Between two files other events have their turn: a connection that
 * its server closed during a long search must be seen to be closed before somebody sends on it.
 */
export async function findInFolder(folder: string, canaries: readonly Canary[]): Promise<Search> {
  const sightings: Sighting[] = []
  let files = 0
  let bytes = 0
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    if (statSync(path, { throwIfNoEntry: false }) === undefined) continue // a database removed it just now
    const content = readFileSync(path)
    files += 1
    bytes += content.length
    sightings.push(...findIn(path, content, canaries))
    await turn()
  }
  return { sightings, files, bytes }
}

/** Every block, transaction, receipt and log of the chain, as JSON and as the bytes in it. */
export async function findOnChain(chain: DevnetChain, canaries: readonly Canary[]): Promise<Search> {
  const sightings: Sighting[] = []
  let files = 0
  let bytes = 0
  for await (const { where, json } of chain.everything()) {
    const text = Buffer.from(json)
    const raw = Buffer.concat(
      [...json.matchAll(/0x((?:[0-9a-f]{2})+)/gi)].map(([, hex = '']) => Buffer.from(hex, 'hex'))
    )
    files += 1
    bytes += text.length
    sightings.push(...findIn(where, text, canaries), ...findIn(where, raw, canaries))
  }
  return { sightings, files, bytes }
}
