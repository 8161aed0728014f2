import { setTimeout as sleep } from 'node:timers/promises'
import type { Socket } from 'node:net'
import { must, quantile, type Row } from '../row.ts'
import { LoopLag } from '../support/resources.ts'
import { RpcLab } from '../support/rpc-lab.ts'

/** Of a processor: what an honest call has to wait for at a time. */
const MOST_MS = 200

/** Of the server under attack: what costs an attack 10 and 30 s of waiting in the product shows in a second here. */
const HEADERS_MS = 500
const REQUEST_MS = 1_000
/** An attack ends when whoever sends byte by byte is cut off, or then. */
const PATIENCE_MS = 15_000

/** Many sockets send their headers, or bodies, byte by byte, or never read; from several addresses, each up to its limit. */
export const row: Row = {
  number: 62,
  name: 'slowloris headers, body, read with 500 sockets',
  lane: 'parts',
  minutes: 1,
  times: { core: 0, full: 20, campaign: 200 },
  async run({ times }) {
    const limits = { headersTimeoutMs: HEADERS_MS, requestTimeoutMs: REQUEST_MS, perSecond: 1e9, burst: 1e9 }
    const lab = await RpcLab.start(limits)
    const took: number[] = []
    let cut = 0
    const opened = 500
    const lag = new LoopLag()
    try {
      for (let round = 0; round < times; round++) {
        const sockets: Socket[] = []
        for (let i = 0; i < opened; i++) {
          // Ten addresses of the loopback network, none of them the honest one's.
          const socket = await lab.socket(`127.0.1.${1 + (i % 10)}`)
          sockets.push(socket)
          if (i % 3 === 0) socket.write('POST / HTTP/1.1\r\nHost: 127.0.0.1\r\n')
          if (i % 3 === 1) {
            const head =
              'POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n'
            socket.write(head)
          }
          if (i % 3 === 2) {
            socket.pause()
            socket.write('GET /status HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n'.repeat(20))
          }
        }
        const senders = sockets.filter((_, i) => i % 3 !== 2)
        const drip = setInterval(() => {
          for (const socket of senders) if (!socket.destroyed) socket.write('x')
        }, 100)
        const until = performance.now() + PATIENCE_MS
        while (performance.now() < until && senders.some(socket => !socket.destroyed)) {
          const started = performance.now()
          must(await lab.answers(), 'an honest call got no answer')
          took.push(performance.now() - started)
          await sleep(50)
        }
        clearInterval(drip)
        const left = senders.filter(socket => !socket.destroyed).length
        must(left === 0, `${left} of ${senders.length} sockets that send byte by byte are still open`)
        cut += sockets.filter(socket => socket.destroyed).length
        for (const socket of sockets) socket.destroy()
      }
      const p95 = quantile(lag.stop().worked, 0.95)
      must(p95 < MOST_MS, `the event loop works ${p95.toFixed(0)} ms without a pause (p95)`)
      return `honest calls ${took.length} of ${took.length} answered, ${quantile(took, 0.95).toFixed(0)} ms p95, of which at most ${p95.toFixed(0)} ms of a processor at a time (p95, attackers included); ${cut} of ${times * opened} slow sockets cut off`
    } finally {
      await lab.stop()
    }
  }
}
