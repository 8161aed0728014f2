import { setTimeout as sleep } from 'node:timers/promises'
import { DEFAULT_LIMITS, MemoryChain, makeNetwork, until } from '@enigma/worker/testing'
import { freePort } from './free-port.ts'
import { PeerLab } from './peers.ts'
import { liveBytes } from './resources.ts'

/** Nodes that dial one other: hellos of one peer are answered once a second, so that several make more sessions in the same time. */
const DIALLERS = 6
const PAUSE_MS = 1_000
/** Sessions and attempts after which whatever is set aside once is set aside. */
const WARM_ROUNDS = 12
const WARM_ATTEMPTS = 400
/** Closing a connection is over a moment after its peers say so. */
const SETTLE_MS = 1_500

async function settledBytes(): Promise<number> {
  await sleep(SETTLE_MS)
  liveBytes()
  await sleep(0)
  return liveBytes() // what the first collection only let go of
}

/**
 * Cuts all connections of a node again and again; the others dial it anew each time.
 *
 * @returns live bytes that each further session left behind at both of its ends together, and how many those were
 */
export async function bytesPerSession(rounds: number): Promise<{ readonly bytes: number; readonly sessions: number }> {
  const { lab, proxy } = await PeerLab.behindProxy({ inboundPerSecond: 1_000 })
  try {
    const names = Array.from({ length: DIALLERS }, (_, i) => `dialler ${i}`)
    for (const name of names) await lab.honest(name, [])
    const all = (): boolean => lab.victim.peers().length === DIALLERS
    await until('all are believed', all, 30_000)
    const round = async (): Promise<void> => {
      await sleep(PAUSE_MS)
      proxy.cut()
      await until('the cut is seen', () => !all(), 30_000)
      await until('all are believed again', all, 60_000)
    }
    for (let i = 0; i < WARM_ROUNDS; i++) await round()
    const [before, accepted] = [await settledBytes(), proxy.accepted]
    for (let i = 0; i < rounds; i++) await round()
    const after = await settledBytes()
    const sessions = proxy.accepted - accepted
    return { bytes: (after - before) / sessions, sessions }
  } finally {
    await lab.stop()
  }
}

/**
 * Lets a node dial addresses at which nobody is.
 *
 * @returns live bytes that each further attempt left behind
 */
export async function bytesPerAttempt(
  attempts: number
): Promise<{ readonly bytes: number; readonly attempts: number }> {
  const chain = new MemoryChain()
  chain.register('lonely')
  chain.startEpoch(['lonely'])
  const ports = await Promise.all(Array.from({ length: 16 }, () => freePort()))
  let dials = 0
  const lonely = await makeNetwork(chain, 'lonely', {
    bootstrap: ports.map(port => `/ip4/127.0.0.1/tcp/${port}`),
    limits: { redialFirstMs: 1, redialMostMs: 1, dialsPerSecond: 1_000, dialBurst: 1_000 },
    count: what => void (dials += what === 'peer_dials' ? 1 : 0)
  })
  await lonely.start()
  try {
    await until('it has dialled', () => dials >= WARM_ATTEMPTS, 60_000)
    const [before, first] = [await settledBytes(), dials]
    await until('it has dialled more', () => dials >= first + attempts, 180_000)
    return { bytes: ((await settledBytes()) - before) / (dials - first), attempts: dials - first }
  } finally {
    await lonely.stop()
  }
}

/** How often a node with the product's own pauses dials an address at which nobody is, where each attempt fails at once. */
export async function dialsToNobody(ms: number): Promise<number> {
  const chain = new MemoryChain()
  chain.register('lonely')
  chain.startEpoch(['lonely'])
  const { redialFirstMs, redialMostMs } = DEFAULT_LIMITS
  let dials = 0
  const lonely = await makeNetwork(chain, 'lonely', {
    bootstrap: [`/ip4/127.0.0.1/tcp/${await freePort()}`],
    limits: { redialFirstMs, redialMostMs },
    count: what => void (dials += what === 'peer_dials' ? 1 : 0)
  })
  await lonely.start()
  try {
    await sleep(ms)
    return dials
  } finally {
    await lonely.stop()
  }
}
