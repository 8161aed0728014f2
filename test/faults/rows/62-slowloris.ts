import { setTimeout as sleep } from 'node:timers/promises'
import type { Socket } from 'node:net'
import { must, quantile, type Row } from '../row.ts'
import { LoopLag } from '../support/resources.ts'
import { RpcLab } from '../support/rpc-lab.ts'

/** Of a processor: what an honest call has to wait for at a time. */
const MOST_MS = 200

/** Many sockets send their headers, or bodies, byte by byte, or never read; from several addresses, each up to its limit. */
export const row: Row = {
  number: 62,
  name: 'slowloris headers, body, read with 500 sockets',
  lane: 'parts',
  times: { core: 0, full: 3, campaign: 20 },
  async run({ times, scale }) {
    const lab = await RpcLab.start({ headersTimeoutMs: 2_000, requestTimeoutMs: 4_000, perSecond: 1e9, burst: 1e9 })
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
        const drip = setInterval(() => {
          for (const [i, socket] of sockets.entries()) if (i % 3 !== 2 && !socket.destroyed) socket.write('x')
        }, 200)
        const until = performance.now() + (scale === 'core' ? 3_000 : 8_000)
        while (performance.now() < until) {
          const started = performance.now()
          must(await lab.answers(), 'an honest call got no answer')
          took.push(performance.now() - started)
          await sleep(50)
        }
        clearInterval(drip)
        cut += sockets.filter(socket => socket.destroyed).length
        for (const socket of sockets) socket.destroy()
      }
      const senders = times * Array.from({ length: opened }, (_, i) => i % 3).filter(kind => kind !== 2).length
      must(cut >= senders, `only ${cut} of ${senders} sockets that send byte by byte were cut off`)
      const p95 = quantile(lag.stop().worked, 0.95)
      must(p95 < MOST_MS, `the event loop works ${p95.toFixed(0)} ms without a pause (p95)`)
      return `honest calls ${took.length} of ${took.length} answered, ${quantile(took, 0.95).toFixed(0)} ms p95, of which at most ${p95.toFixed(0)} ms of a processor at a time (p95, attackers included); ${cut} of ${times * opened} slow sockets cut off`
    } finally {
      await lab.stop()
    }
  }
}
