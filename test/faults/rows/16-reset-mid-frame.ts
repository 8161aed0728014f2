import { PeerProtocol, codeOf } from '@enigma/protocol'
import { until } from '@enigma/worker/testing'
import { must, type Row } from '../row.ts'
import { PeerLab } from '../support/peers.ts'
import { openFiles } from '../support/resources.ts'

/** Connections between workers are reset, or ended on one side, in the middle of a frame. */
export const row: Row = {
  number: 16,
  name: 'reset mid-frame, half-close',
  lane: 'parts',
  times: { core: 5, full: 60, campaign: 1_000 },
  async run({ random, times }) {
    const { lab, proxy } = await PeerLab.behindProxy({ inboundPerSecond: 1_000 })
    const codes: Record<string, number> = {}
    try {
      const bob = await lab.honest('bob', [])
      await until('bob is believed', () => bob.peers().length === 1)
      const before = openFiles()
      for (let i = 0; i < times; i++) {
        const way = random.pick(['resetAfterBytes', 'endAfterBytes'] as const)
        const direction = random.pick(['up', 'down'] as const)
        proxy.set({ [direction]: { [way]: 1 + random.below(3_000) } })
        const [peer] = bob.peers()
        const outcome = await bob
          .request(peer!, PeerProtocol.taskRelay, 0, random.bytes(8_000), { timeoutMs: 3_000 })
          .then(() => 'answered', codeOf)
        codes[outcome] = (codes[outcome] ?? 0) + 1
        proxy.heal()
        proxy.cut()
        await until('bob is believed again', () => bob.peers().length === 1, 30_000)
      }
      const payload = random.bytes(50_000)
      const echo = await bob.request(bob.peers()[0]!, PeerProtocol.taskRelay, 0, payload)
      must(Buffer.from(echo).equals(Buffer.from(payload)), 'the connection is not whole afterwards')
      const known = ['PEER_UNREACHABLE', 'PEER_TIMEOUT', 'answered']
      must(Object.keys(codes).every(code => known.includes(code)), `unknown outcomes: ${JSON.stringify(codes)}`) // prettier-ignore
      must((codes['answered'] ?? 0) < times, 'no fault ever hit a frame')
      let after = Infinity
      await until(`file descriptors: ${before} before`, () => (after = openFiles()) <= before + 4, 20_000)
      return `descriptors ${before} before, ${after} after ${times} cuts; outcomes ${JSON.stringify(codes)}`
    } finally {
      await lab.stop()
    }
  }
}
