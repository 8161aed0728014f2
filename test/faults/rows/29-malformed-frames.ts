import { spawn } from 'node:child_process'
import { join } from 'node:path'
import type { Random } from '@enigma/faults'
import { EnigmaError, PeerProtocol } from '@enigma/protocol'
import { must, quantile, type Row } from '../row.ts'
import type { StormMessage, StormReport } from '../support/frame-storm.ts'
import { DECODERS, wrongBytes } from '../support/codecs.ts'
import { PeerLab } from '../support/peers.ts'
import { LoopLag, MIB, liveBytes } from '../support/resources.ts'

const STORM = join(import.meta.dirname, '../support/frame-storm.ts')
/** Of a processor, for which others had to wait in the victim's process. */
const MOST_LAG_MS = 200

/**
 * Frames with random bytes, mutated requests and wrong lengths, to every protocol of a node that answers as a worker and as a principal.
 * The attackers have a process of their own; an honest peer asks meanwhile.
 */
export const row: Row = {
  number: 29,
  name: 'malformed frames to every p2p protocol',
  lane: 'parts',
  minutes: 4,
  times: { core: 100, full: 5_000, campaign: 1_000_000 },
  async run({ random, times, scale, say }) {
    const decoded = decodeAll(random, { core: 10_000, full: 200_000, campaign: 10_000_000 }[scale])
    // Bans would end the storm at once; rows 30 and 38 look at those.
    const lab = await PeerLab.start({ banPoints: Infinity, maxInboundStreams: 64, inboundPerSecond: 1_000 })
    try {
      const bob = await lab.honest('bob')
      const before = liveBytes()
      const lag = new LoopLag()
      let honest = 0
      let storming = true
      const askHonestly = async (): Promise<void> => {
        while (storming) {
          await new Promise(resolve => setTimeout(resolve, 200))
          const peer = bob.peers().find(({ peerId }) => peerId === lab.victim.peerId)
          must(peer !== undefined, 'the honest peer was sent away')
          await bob.request(peer, PeerProtocol.taskRelay, 0, Uint8Array.of(1, 2, 3), { timeoutMs: 30_000 })
          honest += 1
        }
      }
      const asking = askHonestly()
      asking.catch(() => undefined) // awaited below
      const { protocols, delivered, ended, refused, sentAway, byProtocol } = await storm(lab, times, random.seed, say)
      storming = false
      await asking
      const p99 = quantile(lag.stop().worked, 0.99)
      const grown = (liveBytes() - before) / MIB
      for (const protocol of Object.values(PeerProtocol)) {
        must((byProtocol[protocol] ?? 0) > 0, `no frame was delivered to ${protocol}`)
      }
      must(
        delivered > 0.7 * times,
        `only ${delivered} of ${times} frames were delivered: ${JSON.stringify(byProtocol)}`
      )
      must(honest > 0, 'the honest peer never asked')
      must(grown < 100, `memory grew by ${grown.toFixed(0)} MiB`)
      must(p99 < MOST_LAG_MS, `the event loop worked ${p99.toFixed(0)} ms without a pause (p99)`)
      return `crashes 0 after ${decoded} bodies to ${DECODERS.length} decoders, and ${delivered} frames to ${protocols.length} protocols (${Math.min(...Object.values(byProtocol))} at least to each), ${refused} refused a stream, ${ended} ended or answered at once, ${sentAway} attackers sent away; honest answers ${honest}; live memory +${grown.toFixed(0)} MiB; p99 of loop lag ${p99.toFixed(0)} ms of a processor`
    } finally {
      await lab.stop()
    }
  }
}

/** The decoders alone: each body is refused with a code, or is one. */
function decodeAll(random: Random, bodies: number): number {
  for (let i = 0; i < bodies; i++) {
    const { name, decode } = random.pick(DECODERS)
    const bytes = wrongBytes(random)
    try {
      decode(bytes)
    } catch (error) {
      must(
        error instanceof EnigmaError,
        `${name} fails with ${String(error)} for 0x${Buffer.from(bytes).toString('hex')}`
      )
    }
  }
  return bodies
}

/** Runs the attackers in a process of their own, and lets the chain know them as workers. */
async function storm(lab: PeerLab, times: number, seed: number, say: (text: string) => void): Promise<StormReport> {
  const { facts } = lab.chain
  const text = JSON.stringify(facts, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value))
  const child = spawn(process.execPath, [STORM, String(times), String(seed), text, ...lab.victim.multiaddrs()], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc']
  })
  let report: StormReport | undefined
  child.on('message', (message: StormMessage) => {
    if ('report' in message) report = message.report
    else if ('sent' in message) say(`${message.sent} frames`)
    else {
      lab.chain.register(message.register)
      child.send(message.register)
    }
  })
  const code = await new Promise(resolve => child.once('exit', resolve))
  must(report !== undefined, `the attackers ended with ${String(code)}`)
  return report
}
