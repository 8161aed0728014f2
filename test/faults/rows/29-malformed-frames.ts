import { PeerProtocol, peerRequest } from '@enigma/protocol'
import { must, quantile, type Row } from '../row.ts'
import { PeerLab } from '../support/peers.ts'
import { LoopLag, MIB, liveBytes } from '../support/resources.ts'

/** Frames with random bytes, mutated requests and wrong lengths, to every protocol of a node; an honest peer asks meanwhile. */
export const row: Row = {
  number: 29,
  name: 'malformed frames to every p2p protocol',
  lane: 'parts',
  minutes: 3,
  times: { core: 200, full: 20_000, campaign: 10_000_000 },
  async run({ random, times, say }) {
    // Bans and quotas would end the storm at once; rows 30 and 38 look at those.
    const lab = await PeerLab.start({ banPoints: Infinity, maxInboundStreams: 64 })
    try {
      const bob = await lab.honest('bob')
      let attacker = await lab.attacker('mallory')
      let attackers = 1
      const { protocols } = await attacker.node.peerStore.get(attacker.connection.remotePeer)
      must(protocols.length >= 6, `the node speaks ${protocols.join(' ')}`)
      const before = liveBytes()
      const lag = new LoopLag()
      let sent = 0
      let honest = 0
      let refused = 0
      const storm = async (): Promise<void> => {
        while (sent < times) {
          sent += 1
          const protocol = random.pick(protocols)
          const { connection } = await present()
          try {
            const stream = await connection.newStream(protocol, { signal: AbortSignal.timeout(10_000) })
            stream.send(malformed())
            if (random.chance(0.5)) await stream.close({ signal: AbortSignal.timeout(2_000) })
            else stream.abort(new Error('away'))
          } catch {
            refused += 1 // no stream, or a reset: what is to happen
          }
          if (sent % 5_000 === 0) say(`${sent} frames`)
        }
      }
      /** Whoever is sent away comes again as somebody else. */
      let coming: Promise<typeof attacker> | undefined
      const present = async (): Promise<typeof attacker> => {
        if (attacker.connection.status === 'open') return attacker
        coming ??= attacker
          .close()
          .then(() => lab.attacker(`mallory ${attackers++}`))
          .finally(() => (coming = undefined))
        return (attacker = await coming)
      }
      const askHonestly = async (): Promise<void> => {
        do {
          await new Promise(resolve => setTimeout(resolve, 50))
          const peer = bob.peers().find(({ peerId }) => peerId === lab.victim.peerId)
          must(peer !== undefined, 'the honest peer was sent away')
          await bob.request(peer, PeerProtocol.taskRelay, 0, Uint8Array.of(1, 2, 3), { timeoutMs: 10_000 })
          honest += 1
        } while (sent < times)
      }
      await Promise.all([...Array.from({ length: 16 }, storm), askHonestly()])
      const p99 = quantile(lag.stop(), 0.99)
      const grown = (liveBytes() - before) / MIB
      await attacker.close()
      must(honest > 0, 'the honest peer never asked')
      must(grown < 100, `memory grew by ${grown.toFixed(0)} MiB`)
      return `crashes 0 after ${sent} frames to ${protocols.length} protocols, ${refused} reset at once, ${attackers - 1} times sent away; honest answers ${honest}; live memory +${grown.toFixed(0)} MiB; p99 of loop lag ${p99.toFixed(0)} ms`
    } finally {
      await lab.stop()
    }

    function malformed(): Uint8Array {
      const request = peerRequest.encode({ method: random.below(8), payload: random.bytes(random.below(200)) })
      const body = random.pick([
        () => random.bytes(random.below(400)),
        () => request.map(byte => (random.chance(0.05) ? random.below(256) : byte)),
        () => request.subarray(0, random.below(request.length + 1)),
        () => new Uint8Array(random.below(2_000)).fill(255)
      ])()
      const length = random.pick([body.length, body.length + random.below(10), random.below(2 ** 31), 0])
      const frame = new Uint8Array(4 + body.length)
      new DataView(frame.buffer).setUint32(0, length)
      frame.set(body, 4)
      return frame
    }
  }
}
