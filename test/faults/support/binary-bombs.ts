import type { Random } from '@enigma/faults'
import { EnigmaError } from '@enigma/protocol'
import { KAD_PROTOCOL } from '@enigma/worker/testing'
import { must } from '../row.ts'
import { DECODERS } from './codecs.ts'
import { type PeerLab } from './peers.ts'

/** Processor time of something, in ms. */
async function costOf(work: () => unknown): Promise<number> {
  const before = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1_000
}

/** The largest body that a peer may send for a decoder, or a good part of it. */
const MOST_BYTES = 512 * 1024

/**
 * Bodies as large as they may be for each of our own decoders: all zeros, all ones, small counts in every word. Each is refused with a code, or
 * is a message. Notes the processor time of each.
 */
export async function ownBombs(random: Random, note: (name: string, ms: number) => void): Promise<void> {
  for (const { name, decode, maxBytes } of DECODERS) {
    const size = Math.min(maxBytes, MOST_BYTES)
    for (const [kind, fill] of [
      ['zeros', () => 0],
      ['ones', () => 0xff],
      ['counts', (i: number) => (i % 4 === 3 ? 1 : 0)],
      ['chance', () => random.below(256)]
    ] as const) {
      const body = Uint8Array.from({ length: size }, (_, i) => (i === 0 ? 1 : fill(i)))
      const attempt = (): void => {
        try {
          decode(body)
        } catch (error) {
          must(error instanceof EnigmaError, `${name} fails with ${String(error)} for ${size} bytes of ${kind}`)
        }
      }
      note(`${name}: ${size} bytes of ${kind}`, await costOf(attempt))
    }
  }
}

/** An unsigned number in the encoding of protobuf. */
function varint(value: number): Uint8Array {
  const bytes = []
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Uint8Array.from([...bytes, rest])
    bytes.push((rest % 128) + 128)
  }
}

const framed = (body: Uint8Array): Uint8Array => Buffer.concat([varint(body.length), body])
const repeated = (piece: readonly number[], bytes: number): Uint8Array =>
  Uint8Array.from({ length: bytes - (bytes % piece.length) }, (_, i) => piece[i % piece.length]!)

/** Messages of the library's own protocols, in protobuf, that are nothing but elements: some ten thousand in each. */
const PROTOBUF: readonly (readonly [name: string, protocol: RegExp, body: () => Uint8Array])[] = [
  ['kad: closer peers', new RegExp(`^${KAD_PROTOCOL}$`), () => repeated([0x42, 0x00], 65_000)],
  ['kad: providers', new RegExp(`^${KAD_PROTOCOL}$`), () => repeated([0x4a, 0x00], 65_000)],
  ['gossip: subscriptions', /^\/meshsub\//, () => repeated([0x0a, 0x00], 500_000)],
  ['gossip: messages', /^\/meshsub\//, () => repeated([0x12, 0x00], 500_000)],
  [
    'gossip: what it has',
    /^\/meshsub\//,
    () => {
      const ihave = repeated([0x12, 0x00], 490_000) // message ids
      const control = Buffer.concat([Uint8Array.of(0x0a), framed(ihave)])
      return Buffer.concat([Uint8Array.of(0x1a), framed(control)])
    }
  ]
]

/** Sends each to a node, from another one in this process, and notes the processor time of both together. */
export async function protobufBombs(
  lab: PeerLab,
  round: number,
  note: (name: string, ms: number) => void
): Promise<void> {
  for (const [i, [name, wanted, body]] of PROTOBUF.entries()) {
    const { node, connection, close } = await lab.attacker(`mallory ${round} ${i}`)
    const { protocols } = await node.peerStore.get(connection.remotePeer)
    const protocol = protocols.find(one => wanted.test(one))
    must(protocol !== undefined, `the node does not speak ${String(wanted)}`)
    const bytes = framed(body())
    const stream = await connection.newStream(protocol, { signal: AbortSignal.timeout(30_000) })
    const over = new Promise<void>(resolve => stream.addEventListener('close', () => resolve(), { once: true }))
    const cost = await costOf(async () => {
      if (!stream.send(bytes)) await Promise.race([over, new Promise(resolve => stream.addEventListener('drain', resolve, { once: true }))]) // prettier-ignore
      await Promise.race([over, new Promise(resolve => setTimeout(resolve, 150))])
    })
    note(`${name}: ${bytes.length} bytes`, cost)
    await close()
  }
}
