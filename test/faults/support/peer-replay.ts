import { createHash } from 'node:crypto'
import {
  PeerProtocol,
  TaskStatus,
  ZERO_HASH,
  deltaPush,
  helloCodec,
  keccak256,
  peerRequest,
  releasedResult,
  signDigest,
  typedDigest,
  utf8,
  type TaskId
} from '@enigma/protocol'
import {
  addressOf,
  asScAddr,
  asTaskId,
  deltaCalls,
  keyOf,
  makeDelta,
  receiptWith,
  until,
  type Libp2pNetwork
} from '@enigma/worker/testing'
import { must } from '../row.ts'
import { helloOf } from './attacker.ts'
import { PeerLab, say } from './peers.ts'

const CONTRACT = asScAddr('contract')
/** Strangers at once, each of whom waits for seconds. */
const AT_ONCE = 10

const OUTPUT = utf8('ciphertext of an output')

/** What the victim keeps, and whom it knows. */
async function stateOf(lab: PeerLab, but: ReadonlySet<string>): Promise<string> {
  const hash = createHash('sha256')
  for await (const [key, value] of lab.db.iterator()) hash.update(String(key)).update(value)
  const peers = lab.victim.peers().filter(({ peerId }) => !but.has(peerId)).map(({ peerId }) => peerId) // prettier-ignore
  return JSON.stringify({ stored: hash.digest('hex'), peers, served: lab.served })
}

/**
 * What peers once said is said again: a hello by another node, or made for another network; a pushed delta and a gossiped result by a
 * stranger, and by another worker, also after the chain went another way.
 *
 * @returns how many of each
 */
export async function replayPeers(times: number): Promise<Record<string, number>> {
  const lab = await PeerLab.start({ inboundPerSecond: 1_000, banMs: 1, maxUnverified: 1_000 })
  const sent: Record<string, number> = {}
  const count = (what: string): void => void (sent[what] = (sent[what] ?? 0) + 1)
  try {
    const { node, close } = await lab.attacker('carol')
    const hello = helloOf(lab.chain.facts, 'carol', node)
    await close()
    await until('carol is gone', () => lab.victim.peers().length === 0)
    const elsewhere = helloCodec.encode({ ...helloCodec.decode(hello), enigma: addressOf('another enigma') })

    const bob = await lab.honest('bob')
    const mallory = await lab.honest('mallory')
    const known = new Set([bob.peerId, mallory.peerId])
    const { delta, undone } = await pushedDeltas(lab, bob)
    const results = await gossipedResults(lab, bob)
    const before = await stateOf(lab, known)

    let strangers: Promise<void>[] = []
    for (let i = 0; i < times; i++) {
      const pushed = strangersDelta(lab, delta).then(() => count('delta by a stranger'))
      pushed.catch(() => undefined) // awaited below
      strangers.push(pushed)
      const stranger = await lab.attacker()
      const replayed = i % 2 === 0 ? hello : elsewhere
      const request = peerRequest.encode({ method: 0, payload: replayed })
      const answer = await say(stranger.connection, PeerProtocol.hello, request).catch(() => ({ ok: false }))
      must(!answer.ok, `a hello of ${i % 2 === 0 ? 'another node' : 'another network'} was believed`)
      count('hello')
      await stranger.close()

      for (const bytes of [delta, undone]) {
        const peer = mallory.peers().find(({ peerId }) => peerId === lab.victim.peerId)
        must(peer !== undefined, 'the other worker was sent away')
        const payload = deltaPush.encode({ delta: bytes })
        const { protocol, method } = deltaCalls.pushDelta
        await mallory.request(peer, protocol, method, payload, { timeoutMs: 30_000 }).catch(() => undefined)
        count('delta by a worker')
      }
      for (const bytes of results) {
        await mallory.publish(bytes).catch(() => 0)
        count('gossip')
      }
      if (i % AT_ONCE === AT_ONCE - 1 || i === times - 1) {
        await Promise.all(strangers)
        strangers = []
        const now = await stateOf(lab, known)
        must(now === before, `replays had an effect: ${before} became ${now}`)
      }
    }
    return sent
  } finally {
    await lab.stop()
  }
}

/** A stranger is let wait for its hello until the victim cuts it off. */
async function strangersDelta(lab: PeerLab, delta: Uint8Array): Promise<void> {
  const { connection, close } = await lab.attacker()
  const call = peerRequest.encode({ method: deltaCalls.pushDelta.method, payload: deltaPush.encode({ delta }) })
  const pushed = await say(connection, PeerProtocol.delta, call).catch(() => ({ ok: false }))
  must(!pushed.ok, 'a delta of a stranger was taken')
  await close()
}

/** One delta that the chain has chosen and the victim holds, and one of a place where the chain has another. */
async function pushedDeltas(lab: PeerLab, bob: Libp2pNetwork): Promise<{ delta: Uint8Array; undone: Uint8Array }> {
  lab.chain.deploy(CONTRACT, ZERO_HASH)
  const [{ delta, hash }, { delta: undone }] = [makeDelta(CONTRACT, 0), makeDelta(CONTRACT, 0, 'undone')]
  lab.chain.append(CONTRACT, hash)
  const victim = await until('bob knows the victim', () => bob.peers().find(p => p.peerId === lab.victim.peerId))
  const { protocol, method } = deltaCalls.pushDelta
  await bob.request(victim, protocol, method, deltaPush.encode({ delta }), { timeoutMs: 30_000 })
  return { delta, undone }
}

/** A result that the victim took, and one of a task that a reorganised chain has no more. */
async function gossipedResults(lab: PeerLab, bob: Libp2pNetwork): Promise<Uint8Array[]> {
  const resultOf = (taskId: TaskId): Uint8Array => {
    const receipt = receiptWith({ taskId, scAddr: CONTRACT, outputHash: keccak256(OUTPUT) })
    const digest = typedDigest(lab.chain.facts, 'Receipt', receipt)
    lab.chain.record({ taskId, scAddr: CONTRACT, inputHash: ZERO_HASH })
    lab.chain.settle(taskId, { status: TaskStatus.ReceiptVerified, digest, outputHash: keccak256(OUTPUT) })
    lab.chain.mine()
    const signature = signDigest(digest, keyOf('alice enclave'))
    return releasedResult.encode({ receipt, signature, result: OUTPUT, log: new Uint8Array(), trace: new Uint8Array() })
  }
  const [kept, gone] = [asTaskId('kept'), asTaskId('gone')]
  const bytes = [resultOf(kept), resultOf(gone)]
  lab.chain.forget(gone)
  await until('bob hears the victim listen', () => bob.listeners() > 0, 30_000)
  await bob.publish(bytes[0]!)
  await until('the victim keeps the result', async () => (await lab.results.own(kept)) !== null, 30_000)
  return bytes
}
