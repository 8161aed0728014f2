import { PeerProtocol, peerRequest } from '@enigma/protocol'
import type { Stream } from '@libp2p/interface'
import { frames, until } from '@enigma/worker/testing'
import { must, type Row } from '../row.ts'
import { PeerLab } from '../support/peers.ts'
import { MIB, liveBytes } from '../support/resources.ts'

/** Twice what one peer may have. */
const STREAMS = 16
/** Of each stream, with an answer as large as itself: as much as two gigabytes for all of them, if the victim kept what is not read. */
const REQUESTS = 50

/** Peers ask for the largest answers there are and never read one. */
export const row: Row = {
  number: 32,
  name: 'slow reader, or one that never reads',
  lane: 'parts',
  minutes: 2,
  times: { core: 0, full: 50, campaign: 50 },
  async run({ times }) {
    const lab = await PeerLab.start({ inboundPerSecond: 1_000, requestTimeoutMs: 4_000, dialTimeoutMs: 30_000 })
    const request = peerRequest.encode({ method: 0, payload: new Uint8Array(100_000) })
    try {
      const bob = await lab.honest('bob')
      await until('bob is known', () => bob.peers().length > 0)
      const before = liveBytes()
      const attackers = []
      let opened = 0
      let taken = 0
      for (let i = 0; i < times; i++) {
        const attacker = await lab.attacker(`mallory ${i}`)
        attackers.push(attacker)
        const streams: Stream[] = []
        for (let s = 0; s < STREAMS; s++) {
          const stream = await attacker.connection.newStream(PeerProtocol.taskRelay).catch(() => null)
          if (stream?.status !== 'open') break // as many as one peer may have
          stream.pause()
          streams.push(stream)
        }
        opened += streams.length
        await Promise.all(
          streams.map(async stream => {
            const line = frames(stream, 2 ** 20)
            // The victim is to stop reading: then the rest waits with the attacker.
            const isTaken = (): Promise<boolean> => line.write(request, AbortSignal.timeout(700)).then(() => true, () => false) // prettier-ignore
            for (let n = 0; n < REQUESTS && (await isTaken()); n++) taken += 1
          })
        )
      }
      const most = (liveBytes() - before) / MIB
      // All of them are in this process: a ping of the honest peer may be late, and then it comes again.
      let asked = 0
      const answered = async (): Promise<Uint8Array | null> => {
        const peer = bob.peers().find(({ peerId }) => peerId === lab.victim.peerId)
        asked += 1
        const answer = peer && bob.request(peer, PeerProtocol.taskRelay, 0, Uint8Array.of(1), { timeoutMs: 30_000 })
        return (await answer?.catch(() => null)) ?? null
      }
      await until('an answer to the honest peer', answered, 60_000)
      must(most < 512, `memory grew by ${most.toFixed(0)} MiB`)
      for (const { close } of attackers) await close()
      return `live memory +${most.toFixed(0)} MiB with ${times} peers and ${taken} requests on ${opened} streams, none of whose answers was read; honest call answered, asked ${asked} times`
    } finally {
      await lab.stop()
    }
  }
}
