import type { Stream } from '@libp2p/interface'
import { asError } from '@enigma/protocol'
import { orAborted } from './deadline.ts'
import { frames, tie, type Frames } from './frames.ts'

export interface KeptStreamsInit {
  readonly open: (signal: AbortSignal) => Promise<Stream>
  readonly maxResponseBytes: number
  /** Below what the other end allows one peer (maxInboundStreams), so that it never has to refuse one. */
  readonly most?: number
  /** How long a stream without a request is kept: below the other end's patience, so that it is this one that closes. */
  readonly idleMs: number
}

interface Kept {
  readonly stream: Stream
  readonly line: Frames
  isUsed: boolean // answered a request before
  timer: NodeJS.Timeout | undefined
}

/**
 * Streams of one protocol to one peer. A request takes one that is free, so that it costs two messages where the opening and closing
 * of a stream cost eight more; with all of them busy it waits its turn.
 */
export class KeptStreams {
  readonly #init: Required<KeptStreamsInit>
  #free: Kept[] = []
  #inUse = 0
  readonly #turns: (() => void)[] = []

  constructor(init: KeptStreamsInit) {
    this.#init = { most: 6, ...init }
  }

  /** The answer to a request. A stream that the other end closed meanwhile is replaced by a fresh one, once. */
  async ask(request: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
    await this.#turn(signal)
    try {
      const kept = this.#take()
      if (!kept) return await this.#on(await this.#fresh(signal), request, signal)
      try {
        return await this.#on(kept, request, signal)
      } catch (err) {
        if (signal.aborted || !isGone(err)) throw err
        return await this.#on(await this.#fresh(signal), request, signal)
      }
    } finally {
      this.#inUse -= 1
      this.#turns.shift()?.()
    }
  }

  /** Streams open and free at the moment. */
  get free(): number {
    return this.#free.length
  }

  async #turn(signal: AbortSignal): Promise<void> {
    while (this.#inUse >= this.#init.most) {
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#turns.push(resolve)
      try {
        await orAborted(promise, signal)
      } catch (err) {
        const at = this.#turns.indexOf(resolve)
        if (at === -1)
          this.#turns.shift()?.() // its turn had come: the next one's now
        else this.#turns.splice(at, 1)
        throw err
      }
    }
    this.#inUse += 1
  }

  #take(): Kept | undefined {
    const kept = this.#free.pop()
    clearTimeout(kept?.timer)
    return kept
  }

  async #fresh(signal: AbortSignal): Promise<Kept> {
    const { open, maxResponseBytes } = this.#init
    const stream = await open(signal)
    const kept: Kept = { stream, line: frames(stream, maxResponseBytes), isUsed: false, timer: undefined }
    const drop = (): void => {
      clearTimeout(kept.timer)
      this.#free = this.#free.filter(other => other !== kept)
    }
    stream.addEventListener('close', drop, { once: true })
    stream.addEventListener('remoteCloseWrite', drop, { once: true })
    return kept
  }

  async #on(kept: Kept, request: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
    const { stream, line } = kept
    const untie = tie(stream, signal)
    try {
      await line.write(request, signal)
      const answer = await line.read(signal)
      this.#giveBack(kept)
      return answer
    } catch (err) {
      stream.abort(asError(err))
      throw err
    } finally {
      untie()
    }
  }

  #giveBack(kept: Kept): void {
    const { stream } = kept
    kept.isUsed = true
    if (stream.status !== 'open' || stream.remoteWriteStatus !== 'writable') return this.#close(kept)
    kept.timer = setTimeout(() => {
      this.#free = this.#free.filter(other => other !== kept)
      this.#close(kept)
    }, this.#init.idleMs)
    kept.timer.unref()
    this.#free.push(kept)
  }

  #close({ stream }: Kept): void {
    if (stream.status !== 'open') return
    const signal = AbortSignal.timeout(CLOSE_MS)
    tie(stream, signal)
    stream.close({ signal }).catch((err: unknown) => stream.abort(asError(err)))
  }
}

const CLOSE_MS = 5_000

/** The stream ended before the answer began: not a deadline, nor an answer out of bounds. */
const isGone = (err: unknown): boolean =>
  ['StreamResetError', 'StreamClosedError', 'StreamStateError', 'UnexpectedEOFError'].includes(asError(err).name)
