import type { Duplex } from 'node:stream'
import {
  EnclaveMethod,
  FrameType,
  asError,
  enclaveCodecs,
  enclaveErrorCodec,
  frameBytes,
  frameSplitter,
  printable,
  type EnclaveCalls,
  type EnclaveMethodName
} from '@enigma/protocol'
import { WorkerError } from '../errors.ts'

/** Calls over one connection to one enclave process. docs/spec/enclave-boundary.md */
export interface EnclaveChannel {
  call<M extends EnclaveMethodName>(
    method: M,
    request: EnclaveCalls[M][0],
    timeoutMs: number
  ): Promise<EnclaveCalls[M][1]>
  /** Ends all calls under way with WORKER_ENCLAVE_DOWN. */
  close(): void
}

interface Waiting {
  readonly method: EnclaveMethodName
  resolve(payload: Uint8Array): void
  reject(error: Error): void
}

/** Below the enclave's own limit of 128, so that it never has to answer ENCLAVE_BUSY. */
const MAX_UNDER_WAY = 96

const down = (method: string): WorkerError =>
  new WorkerError({ code: 'WORKER_ENCLAVE_DOWN', method }, `The enclave ended before it answered ${method}.`, {
    hint: 'It is started again by itself; see the enclave lines of the log if this repeats.'
  })

/** @param onBroken called once when the stream is of no further use: closed, or its framing broken. */
export function openChannel(link: Duplex, onBroken: (error: Error | null) => void): EnclaveChannel {
  const waiting = new Map<number, Waiting>()
  const queue: (() => void)[] = []
  const split = frameSplitter()
  let nextId = 1
  let admitted = 0
  let closed = false

  function close(error: Error | null = null): void {
    if (closed) return
    closed = true
    link.destroy()
    for (const call of waiting.values()) call.reject(down(call.method))
    waiting.clear()
    for (const go of queue.splice(0)) go()
    onBroken(error)
  }

  function settle(id: number): Waiting | undefined {
    const call = waiting.get(id)
    waiting.delete(id)
    const following = queue.shift() // it takes over this call's place
    if (following) following()
    else admitted -= 1
    return call
  }

  link.on('data', (chunk: Uint8Array) => {
    try {
      for (const frame of split(chunk)) {
        const call = waiting.get(frame.id)
        if (!call || EnclaveMethod[call.method] !== frame.method) continue // answered too late: nobody waits any more
        settle(frame.id)
        if (frame.type === FrameType.response) call.resolve(frame.payload)
        else {
          const { code, message } = enclaveErrorCodec.decode(frame.payload)
          const failure = { code: 'ENCLAVE_REFUSED', method: call.method, reason: printable(code, 64) } as const
          call.reject(new WorkerError(failure, printable(message)))
        }
      }
    } catch (error) {
      close(asError(error))
    }
  })
  link.on('error', error => close(error))
  link.on('end', () => close())
  link.on('close', () => close())

  async function admit(): Promise<void> {
    if (admitted >= MAX_UNDER_WAY) await new Promise<void>(go => queue.push(go))
    else admitted += 1
  }

  return {
    close: () => close(),
    async call(method, request, timeoutMs) {
      const payload = enclaveCodecs[method].request.encode(request as never)
      if (!closed) await admit()
      if (closed) throw down(method)
      const id = nextId
      nextId = nextId === 0xffffffff ? 1 : nextId + 1
      const answer = await new Promise<Uint8Array>((resolve, reject) => {
        const timer = setTimeout(() => {
          settle(id)
          reject(
            new WorkerError(
              { code: 'WORKER_ENCLAVE_TIMEOUT', method, limitMs: timeoutMs },
              `The enclave did not answer ${method} within ${timeoutMs} ms.`,
              { hint: 'Look for a looping contract or an overloaded machine in the enclave log.' }
            )
          )
        }, timeoutMs)
        waiting.set(id, {
          method,
          resolve: value => {
            clearTimeout(timer)
            resolve(value)
          },
          reject: error => {
            clearTimeout(timer)
            reject(error)
          }
        })
        link.write(frameBytes({ type: FrameType.request, id, method: EnclaveMethod[method], payload }))
      })
      return enclaveCodecs[method].response.decode(answer) as never
    }
  }
}
