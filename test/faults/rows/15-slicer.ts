import { PeerProtocol } from '@enigma/protocol'
import { until } from '@enigma/worker/testing'
import { must, type Row } from '../row.ts'
import { PeerLab } from '../support/peers.ts'

/** Of all requests, those that may be asked once more: more, and the link as such does not hold. */
const MOST_AGAIN = 0.2

/** Both directions of a peer connection arrive byte by byte, handshake included. */
export const row: Row = {
  number: 15,
  name: 'slicer: 1-byte TCP writes',
  lane: 'parts',
  times: { core: 2, full: 20, campaign: 200 },
  async run({ random, times }) {
    const { lab, proxy } = await PeerLab.behindProxy()
    try {
      proxy.set({ up: { sliceBytes: 1 }, down: { sliceBytes: 1 } })
      const bob = await lab.honest('bob', [])
      await until('bob is believed through the slicer', () => bob.peers().length === 1, 20_000)
      let again = 0
      for (let i = 0; i < times; i++) {
        const payload = random.bytes(random.below(3_000))
        const asked = async (): Promise<Uint8Array | null> => {
          const [peer] = bob.peers()
          const echo = peer && bob.request(peer, PeerProtocol.taskRelay, 0, payload, { timeoutMs: 20_000 })
          return (await echo?.catch(() => null)) ?? (again++, null)
        }
        // A link as slow as this may be taken for dead once; whoever asks, asks again.
        const echo = await until(`an answer to request ${i}`, asked, 60_000)
        must(Buffer.from(echo).equals(Buffer.from(payload)), `the answer to request ${i} differs`)
      }
      must(again <= MOST_AGAIN * times, `asked again ${again} times for ${times} answers`)
      const { up, down } = proxy.bytes
      return `success ${times} of ${times}; ${up + down} bytes, one at a time; asked again ${again} times`
    } finally {
      await lab.stop()
    }
  }
}
