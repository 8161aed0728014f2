import { PeerProtocol } from '@enigma/protocol'
import { OPENINGS, until } from '@enigma/worker/testing'
import { must, type Row } from '../row.ts'
import { PeerLab } from '../support/peers.ts'
import { MIB, heldBytes, liveBytes } from '../support/resources.ts'

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
          if (stream?.status !== 'open') break // it was sent away: soon enough
          let ended = false
          stream.addEventListener('close', () => (ended = true))
          stream.send(prefix)
          await until('the stream is ended', () => ended || connection.status !== 'open', 5_000)
          refused += 1
        }
        await close()
      }
      const openings = await attackOpenings(lab, times)
      must(refused >= times, `only ${refused} lengths got that far`)
      must(lab.served === 0, `${lab.served} requests were served`)
      const grown = (liveBytes() - before) / MIB
      must(grown < 100, `memory grew by ${grown.toFixed(0)} MiB`)
      return `refused ${refused} of ${refused} lengths in requests; ${openings}; live memory +${grown.toFixed(0)} MiB afterwards`
    } finally {
      await lab.stop()
    }
  }
}

/**
 * Lengths that never end, from peers that are nobody yet: on a bare socket, on an encrypted one, on a stream without a protocol, and in
 * the answer to the victim's question who this is. The library alone reads them for 5 s, at 280 bytes of memory for each byte.
 */
async function attackOpenings(lab: PeerLab, times: number): Promise<string> {
  const bytes = new Uint8Array(MIB).fill(0x80)
  let [before, most, taken] = [0, 0, 0]
  const watch = setInterval(() => (most = Math.max(most, heldBytes() - before)), 10)
  try {
    for (let i = 0; i < times; i++) {
      before = liveBytes()
      const attacks = OPENINGS.map(async open => {
        const opening = await open(lab.victim.multiaddrs()[0]!)
        try {
          taken = Math.max(taken, await opening.send(bytes))
          await until(`a length ${opening.stage} is refused`, opening.ended)
        } finally {
          await opening.close()
        }
      })
      await Promise.all(attacks)
    }
  } finally {
    clearInterval(watch)
  }
  must(taken < bytes.length, `a length of ${taken} bytes was read to its end`)
  must(most < 64 * MIB, `memory rose by ${(most / MIB).toFixed(0)} MiB while lengths came in`)
  return `${OPENINGS.length * times} endless lengths before a hello, the longest ended at ${taken} bytes, memory rose by ${(most / MIB).toFixed(0)} MiB meanwhile`
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
