import { once } from 'node:events'
import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Random } from '../random.ts'
import type { Toxics } from './toxics.ts'

export interface PipeParts {
  readonly from: Socket
  readonly to: Socket
  /** Asked for every piece, so that a change takes effect at once. */
  readonly toxics: () => Toxics
  readonly random: Random
  readonly passed: (bytes: number) => void
  /** Resets both ends. */
  readonly reset: () => void
}

/** Bytes under way in one pipe before its sender has to wait, as in a network with buffers of that size. */
const MAX_QUEUED_BYTES = 4 << 20
const STALL_LOOK_MS = 10
/** So many slices are written before others have their turn: each is a packet of its own, since Nagle's algorithm is off. */
const SLICES_A_TURN = 16

/** One direction of one connection. Ends when its source does, or when one of the two sockets is gone. */
export async function pipe({ from, to, toxics, random, passed, reset }: PipeParts): Promise<void> {
  const queue: { readonly chunk: Buffer; readonly dueMs: number }[] = []
  let queued = 0
  let ended = false
  let lastDueMs = 0
  let counted = toxics()
  let sent = 0 // since these toxics were set
  let swallow = false
  let slices = 0
  let wake = (): void => undefined
  // A source that ended in good order may be closed while its last bytes are still under way here.
  const gone = (): boolean => to.destroyed || (from.destroyed && !ended)

  from.on('data', (chunk: Buffer) => {
    const { latencyMs = 0, jitterMs = 0 } = toxics()
    const dueMs = performance.now() + Math.max(0, latencyMs + (2 * random.next() - 1) * jitterMs)
    lastDueMs = Math.max(lastDueMs, dueMs) // TCP keeps the order
    queue.push({ chunk, dueMs: lastDueMs })
    queued += chunk.length
    if (queued > MAX_QUEUED_BYTES) from.pause()
    wake()
  })
  from.on('end', () => {
    ended = true
    wake()
  })
  for (const socket of [from, to]) socket.on('close', () => wake())

  while (!gone()) {
    const item = queue.shift()
    if (item === undefined) {
      if (ended) break
      await new Promise<void>(resolve => (wake = resolve))
      continue
    }
    const waitMs = item.dueMs - performance.now()
    if (waitMs > 0.5) await sleep(waitMs)
    if (!(await pass(item.chunk))) return
    queued -= item.chunk.length
    if (queued <= MAX_QUEUED_BYTES / 2 && from.isPaused()) from.resume()
  }
  if (gone()) return
  await stalled()
  await sleep(toxics().closeDelayMs ?? 0)
  if (!to.destroyed) to.end()

  async function stalled(): Promise<void> {
    while (toxics().stall === true && !gone()) await sleep(STALL_LOOK_MS)
  }

  /** False once the connection is at its end. */
  async function pass(chunk: Buffer): Promise<boolean> {
    let rest = chunk
    while (rest.length > 0) {
      await stalled()
      if (gone()) return false
      const now = toxics()
      if (now !== counted) {
        counted = now
        sent = 0
      }
      const { sliceBytes, slicePauseMs = 0, bytesPerSecond, resetAfterBytes, endAfterBytes } = now
      const limit = Math.min(resetAfterBytes ?? Infinity, swallow ? Infinity : (endAfterBytes ?? Infinity)) - sent
      // A tenth of a second's worth at a time, so that a slow link is slow and not jerky.
      const paced = bytesPerSecond === undefined ? Infinity : Math.max(1, Math.ceil(bytesPerSecond / 10))
      const piece = rest.subarray(0, Math.max(0, Math.min(rest.length, sliceBytes ?? Infinity, paced, limit)))
      rest = rest.subarray(piece.length)
      sent += piece.length
      if (piece.length > 0 && !swallow) {
        passed(piece.length)
        if (!to.write(piece)) await Promise.race([once(to, 'drain'), once(to, 'close')]).catch(() => undefined)
        if (slicePauseMs > 0) await sleep(slicePauseMs)
        else if (sliceBytes !== undefined && ++slices % SLICES_A_TURN === 0) await nextTurn()
        if (bytesPerSecond !== undefined) await sleep((1000 * piece.length) / bytesPerSecond)
      }
      if (resetAfterBytes !== undefined && sent >= resetAfterBytes) {
        await nextTurn() // the receiver shall have what came before
        reset()
        return false
      }
      if (endAfterBytes !== undefined && sent >= endAfterBytes && !swallow) {
        swallow = true
        to.end()
      }
    }
    return true
  }
}

const nextTurn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))
