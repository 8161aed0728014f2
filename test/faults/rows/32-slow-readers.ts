import { PeerProtocol, peerRequest } from '@enigma/protocol'
import { frames, until } from '@enigma/worker/testing'
import { must, type Row } from '../row.ts'
import { PeerLab } from '../support/peers.ts'
import { MIB, liveBytes } from '../support/resources.ts'

/** Peers ask for the largest answers there are and never read one. */
export const row: Row = {
  number: 32,
  name: 'slow reader, or one that never reads',
  lane: 'parts',
  times: { core: 0, full: 50, campaign: 50 },
  async run({ times }) {
    const lab = await PeerLab.start({ inboundPerSecond: 1_000, requestTimeoutMs: 4_000 })
    const request = peerRequest.encode({ method: 0, payload: new Uint8Array(100_000) })
    try {
      const bob = await lab.honest('bob')
      await until('bob is known', () => bob.peers().length > 0)
      const before = liveBytes()
      const attackers = []
      let opened = 0
      for (let i = 0; i < times; i++) {
        const attacker = await lab.attacker(`mallory ${i}`)
        attackers.push(attacker)
        for (let s = 0; s < 16; s++) {
          const stream = await attacker.connection.newStream(PeerProtocol.taskRelay).catch(() => null)
          if (stream?.status !== 'open') break // as many as one peer may have
          opened += 1
          stream.pause()
          // The victim may stop reading, as it should: then the rest waits with the attacker.
          await frames(stream, 2 ** 20)
            .write(request, AbortSignal.timeout(5_000))
            .catch(() => undefined)
        }
      }
      const most = (liveBytes() - before) / MIB
      const peer = bob.peers().find(({ peerId }) => peerId === lab.victim.peerId)
      must(peer !== undefined, 'the honest peer was sent away')
      await bob.request(peer, PeerProtocol.taskRelay, 0, Uint8Array.of(1))
      must(most < 512, `memory grew by ${most.toFixed(0)} MiB`)
      for (const { close } of attackers) await close()
      return `live memory +${most.toFixed(0)} MiB with ${times} peers and ${opened} unread answers; honest call answered`
    } finally {
      await lab.stop()
    }
  }
}
