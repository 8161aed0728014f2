import type { Channel } from './channel.ts'
import { Mailbox } from './mailbox.ts'

/** A body that arrives after a while. */
export interface Delivery {
  readonly body: Uint8Array
  readonly afterMs: number
}

/** What a test may do to a message on its way: pass it, change it, drop it (null), delay it or deliver it more than once. */
export type Intercept = (message: {
  readonly from: number
  readonly to: number
  readonly operation: string
  readonly step: number
  readonly body: Uint8Array
}) => Uint8Array | null | readonly Delivery[]

/** Channels of n parties in one process. Bodies are copied, as a network would. */
export function memoryChannels(n: number, intercept: Intercept = ({ body }) => body): Channel[] {
  const boxes = Array.from({ length: n }, () => Array.from({ length: n }, (_, from) => new Mailbox(from)))
  return Array.from({ length: n }, (_, index) => ({
    index,
    size: n,
    send(to, operation, step, body) {
      const passed = intercept({ from: index, to, operation, step, body: new Uint8Array(body) })
      const deliver = (each: Uint8Array): void => boxes[to]![index]!.deliver(operation, step, each)
      if (passed instanceof Uint8Array) queueMicrotask(() => deliver(passed))
      else for (const { body, afterMs } of passed ?? []) setTimeout(() => deliver(body), afterMs)
      return undefined
    },
    receive: (from, operation, step, bytes, wait) => boxes[index]![from]!.receive(operation, step, bytes, wait)
  }))
}
