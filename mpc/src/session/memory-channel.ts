import type { Channel } from './channel.ts'
import { Mailbox } from './mailbox.ts'

/** What a test may do to a message on its way: pass it, change it, or drop it (null). */
export type Intercept = (message: {
  readonly from: number
  readonly to: number
  readonly operation: string
  readonly step: number
  readonly body: Uint8Array
}) => Uint8Array | null

/** Channels of n parties in one process. Bodies are copied, as a network would. */
export function memoryChannels(n: number, intercept: Intercept = ({ body }) => body): Channel[] {
  const boxes = Array.from({ length: n }, () => Array.from({ length: n }, (_, from) => new Mailbox(from)))
  return Array.from({ length: n }, (_, index) => ({
    index,
    size: n,
    send(to, operation, step, body) {
      const passed = intercept({ from: index, to, operation, step, body: body.slice() })
      if (passed !== null) queueMicrotask(() => boxes[to]![index]!.deliver(operation, step, passed))
      return undefined
    },
    receive: (from, operation, step, bytes, wait) => boxes[index]![from]!.receive(operation, step, bytes, wait)
  }))
}
