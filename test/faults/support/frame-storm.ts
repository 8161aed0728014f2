/**
 * `node frame-storm.ts COUNT SEED FACTS ADDRESS...` with a channel to its parent: sixteen workers that send malformed frames to every protocol
 * of the node at these addresses. Asks the parent to let the chain know a name before it uses it; tells at the end what became of the frames.
 */
import type { Stream } from '@libp2p/interface'
import { randomOf } from '@enigma/faults'
import { PeerProtocol, peerRequest } from '@enigma/protocol'
import type { MemoryChain } from '@enigma/worker/testing'
import { connectAttacker, type Attacker } from './attacker.ts'

/** What became of the frames. */
export interface StormReport {
  readonly protocols: readonly string[]
  /** On a stream of their protocol, and on their way. */
  readonly delivered: number
  /** Of them: the victim ended the stream, or answered, in time. */
  readonly ended: number
  /** No stream, because of a limit of the victim or of the library. */
  readonly refused: number
  readonly sentAway: number
  readonly byProtocol: Readonly<Record<string, number>>
}

export type StormMessage = { readonly register: string } | { readonly sent: number } | { readonly report: StormReport }

const ATTACKERS = 16
/** A victim that neither answers nor ends the stream has so long; some protocols wait for more of a message, as they should. */
const PATIENCE_MS = 100
const TOLD_EVERY = 1_000
/** A hello that is none ends the whole connection. */
const HELLO_SHARE = 0.003

const [count = '0', seed = '1', factsText = '{}', ...addresses] = process.argv.slice(2)
const facts = JSON.parse(factsText, (key, value: unknown) =>
  ['chainId', 'minStake'].includes(key) ? BigInt(value as string) : value
) as MemoryChain['facts']
const total = Number(count)
const tell = (message: StormMessage): void => void process.send!(message)
process.setMaxListeners(0) // each newcomer listens for its own name
let [started, delivered, ended, refused, sentAway, names] = [0, 0, 0, 0, 0, 0]
const byProtocol: Record<string, number> = {}

async function somebody(): Promise<Attacker> {
  const name = `mallory ${names++}`
  const known = new Promise<void>(resolve => {
    const listen = (message: unknown): void => {
      if (message !== name) return
      process.off('message', listen)
      resolve()
    }
    process.on('message', listen)
  })
  tell({ register: name })
  await known
  return connectAttacker(addresses, facts, name)
}

/** Whoever is sent away comes again as somebody else. */
async function another(): Promise<Attacker> {
  for (let tries = 1; ; tries++) {
    try {
      return await somebody()
    } catch (error) {
      if (tries === 5) throw error
    }
  }
}

const first = await somebody()
const { protocols } = await first.node.peerStore.get(first.connection.remotePeer)

const others = protocols.filter(protocol => protocol !== PeerProtocol.hello)

async function storm(attacker: Attacker, random: ReturnType<typeof randomOf>): Promise<void> {
  while (started < total) {
    started += 1
    if (started % TOLD_EVERY === 0) tell({ sent: started })
    // Each one once, then as chance has it.
    const drawn = random.chance(HELLO_SHARE) ? PeerProtocol.hello : random.pick(others)
    const protocol = protocols[started - 1] ?? drawn
    let stream: Stream | null = null
    while (stream === null) {
      try {
        stream = await attacker.connection.newStream(protocol, { signal: AbortSignal.timeout(10_000) })
      } catch (error) {
        if ((error as Error).name !== 'ConnectionClosedError') break
        sentAway += 1
        await attacker.close()
        attacker = await another()
      }
    }
    if (stream === null) refused += 1
    else await send(stream, protocol, random)
  }
  await attacker.close()
}

async function send(stream: Stream, protocol: string, random: ReturnType<typeof randomOf>): Promise<void> {
  const over = new Promise<true>(resolve => {
    for (const event of ['close', 'message', 'remoteCloseWrite'] as const) {
      stream.addEventListener(event, () => resolve(true), { once: true })
    }
  })
  try {
    stream.send(malformed(random))
  } catch {
    refused += 1 // it was ended already
    return
  }
  delivered += 1
  byProtocol[protocol] = (byProtocol[protocol] ?? 0) + 1
  if (random.chance(0.7)) void stream.close({ signal: AbortSignal.timeout(2_000) }).catch(() => undefined)
  const late = new Promise<false>(resolve => setTimeout(resolve, PATIENCE_MS, false))
  if (await Promise.race([over, late])) ended += 1
  stream.abort(new Error('away'))
}

function malformed(random: ReturnType<typeof randomOf>): Uint8Array {
  const request = peerRequest.encode({ method: random.below(8), payload: random.bytes(random.below(200)) })
  const body = random.pick([
    () => random.bytes(random.below(400)),
    () => request.map(byte => (random.chance(0.05) ? random.below(256) : byte)),
    () => request.subarray(0, random.below(request.length + 1)),
    () => new Uint8Array(random.below(2_000)).fill(255)
  ])()
  const length = random.pick([body.length, body.length, body.length + random.below(10), random.below(2 ** 31), 0])
  const frame = new Uint8Array(4 + body.length)
  new DataView(frame.buffer).setUint32(0, length)
  frame.set(body, 4)
  return frame
}

const random = randomOf(Number(seed))
const more = await Promise.all(Array.from({ length: ATTACKERS - 1 }, another))
await Promise.all([first, ...more].map((attacker, i) => storm(attacker, random.fork(`attacker ${i}`))))
const report: StormReport = { protocols, delivered, ended, refused, sentAway, byProtocol }
process.send!({ report } satisfies StormMessage, undefined, undefined, () => process.exit())
