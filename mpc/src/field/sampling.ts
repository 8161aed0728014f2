import { CHUNK, type Batch } from './batch.ts'
import { toLimbs } from './prime.ts'
import type { Vec } from './vec.ts'

/** Gives the next bytes of a key stream. What it returns may be overwritten by the call after. */
export type Stream = (bytes: number) => Uint8Array

/**
 * `count` uniform elements from a key stream, by rejection: whole chunks are asked for until enough candidates were below p, so
 * everyone who holds the key draws the same elements.
 */
export function sample(batch: Batch, count: number, next: Stream, target?: Vec): Vec {
  const { bytes, form, words, kernel } = batch
  const out = batch.target(count, target)
  const area = (CHUNK + 64) * bytes
  // Candidates below 2^bits: the share that is kept is p / 2^bits.
  const keep = Number((form.p << 20n) >> BigInt(form.bits)) / 2 ** 20
  for (let at = 0; at < count;) {
    const wanted = Math.min(CHUNK, count - at)
    const tries = Math.min(CHUNK, Math.ceil(wanted / keep) + (keep > 0.9999 ? 0 : Math.ceil(Math.sqrt(wanted))))
    const stream = next(tries * bytes)
    new Uint8Array(words.buffer, 0, stream.length).set(stream)
    const kept = Math.min(wanted, kernel.sample(area, 0, tries))
    batch.store(area, out, at, kept)
    at += kept
  }
  return out
}

/** `count` plain values below 2^bits, as plain words. `bits` is below the bits of p. */
export function sampleRaw(batch: Batch, count: number, bits: number, next: Stream): Vec {
  const { bytes, words, kernel } = batch
  const out = batch.target(count)
  words.set(toLimbs((1n << BigInt(bits)) - 1n, batch.form), 0)
  const scratch = new Uint8Array(words.buffer, bytes)
  for (let at = 0; at < count; at += CHUNK) {
    const here = Math.min(CHUNK, count - at)
    scratch.set(next(here * bytes))
    kernel.mask(bytes, bytes, 0, here)
    batch.store(bytes, out, at, here)
  }
  return out
}
