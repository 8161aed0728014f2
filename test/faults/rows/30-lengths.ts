import { PeerProtocol } from '@enigma/protocol'
import { until } from '@enigma/worker/testing'
import { must, type Row } from '../row.ts'
import { PeerLab } from '../support/peers.ts'
import { MIB, liveBytes } from '../support/resources.ts'

/** Lengths no frame can have, in every form a decoder could fall for; each is refused before anything is set aside for it. */
export const row: Row = {
  number: 30,
  name: 'length prefix 2^53, 0, over-long varint',
  lane: 'parts',
  times: { core: 1, full: 20, campaign: 200 },
  async run({ random, times }) {
    const lab = await PeerLab.start({ inboundPerSecond: 1_000, banMs: 1 })
    const before = liveBytes()
    let refused = 0
    try {
      for (let i = 0; i < times; i++) {
        const { connection, close } = await lab.attacker(`mallory ${i}`)
        for (const prefix of prefixes()) {
          const protocol = random.pick([PeerProtocol.taskRelay, PeerProtocol.delta, PeerProtocol.encryptionKeys])
          const stream = await connection.newStream(protocol).catch(() => null)
          if (stream === null) break // it was sent away: soon enough
          let ended = false
          stream.addEventListener('close', () => (ended = true))
          stream.send(prefix)
          await until('the stream is ended', () => ended || connection.status !== 'open', 5_000)
          refused += 1
        }
        await close()
      }
      must(refused >= times, `only ${refused} lengths got that far`)
      must(lab.served === 0, `${lab.served} requests were served`)
      const grown = (liveBytes() - before) / MIB
      must(grown < 100, `memory grew by ${grown.toFixed(0)} MiB`)
      return `refused ${refused} of ${refused}; live memory +${grown.toFixed(0)} MiB`
    } finally {
      await lab.stop()
    }
  }
}

function prefixes(): Uint8Array[] {
  const u64 = new Uint8Array(8)
  new DataView(u64.buffer).setBigUint64(0, 2n ** 53n)
  return [
    Uint8Array.of(0xff, 0xff, 0xff, 0xff), // 2^32 - 1
    Uint8Array.of(0x7f, 0xff, 0xff, 0xff), // 2^31 - 1
    Uint8Array.of(0x00, 0x20, 0x00, 0x01), // one byte above the largest request
    Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0), // empty requests
    u64.fill(0xff, 4), // as a varint or a 64-bit length: beyond 2^53
    new Uint8Array(64).fill(0x80) // a varint that never ends
  ].map((bytes, i) => (i === 4 ? Uint8Array.of(0xff, ...bytes) : bytes))
}
