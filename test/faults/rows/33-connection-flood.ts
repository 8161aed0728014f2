import { connect } from 'node:net'
import type { Stream } from '@libp2p/interface'
import { PeerProtocol } from '@enigma/protocol'
import { must, quantile, type Row } from '../row.ts'
import { until } from '@enigma/worker/testing'
import { PeerLab } from '../support/peers.ts'
import { MIB, liveBytes, openFiles, socketsAt } from '../support/resources.ts'

/** Of the victim: 20 handshakes, 32 connections that have not said who they are, and some that are in their last moments. */
const MOST_SOCKETS = 120

/** Of one peer and protocol. */
const MOST_STREAMS = 8

/** How long half of them stay if the victim lets them: longer than it waits for a handshake. */
const HELD_MS = 20_000

/** Connection attempts in great number, from many addresses of the loopback network, and streams of one peer; an honest peer asks meanwhile. */
export const row: Row = {
  number: 33,
  name: '10,000 connection attempts, 1,000 streams',
  lane: 'parts',
  times: { core: 0, full: 10_000, campaign: 100_000 },
  async run({ random, times }) {
    const lab = await PeerLab.start()
    try {
      const bob = await lab.honest('bob')
      const port = Number(/\/tcp\/(\d+)/.exec(lab.victim.multiaddrs()[0]!)?.[1])
      const [files, memory] = [openFiles(), liveBytes()]
      const idle: number[] = []
      const flooded: number[] = []
      const ask = async (into: number[]): Promise<void> => {
        const peer = bob.peers().find(({ peerId }) => peerId === lab.victim.peerId)
        must(peer !== undefined, 'the honest peer was pushed out')
        const started = performance.now()
        await bob.request(peer, PeerProtocol.taskRelay, 0, Uint8Array.of(1), { timeoutMs: 10_000 })
        into.push(performance.now() - started)
      }
      for (let i = 0; i < 30; i++) await ask(idle)

      let attempts = 0
      let most = 0
      const looking = setInterval(() => (most = Math.max(most, socketsAt(port))), 50)
      const flood = async (): Promise<void> => {
        while (attempts < times) {
          attempts += 1
          const socket = connect({ port, host: '127.0.0.1', localAddress: `127.0.2.${1 + random.below(250)}` })
          socket.on('error', () => undefined)
          socket.resume() // or it would not see that the victim ends it
          if (random.chance(0.5)) socket.write(random.bytes(random.below(100)))
          await new Promise(resolve => setTimeout(resolve, random.below(20)))
          if (random.chance(0.5)) socket.destroy()
          else setTimeout(() => socket.destroy(), HELD_MS).unref() // until then only the victim ends it
        }
      }
      const { connection, close } = await lab.attacker('mallory')
      const streams = async (): Promise<{ opened: number; kept: number }> => {
        const opened: Stream[] = []
        for (let i = 0; i < Math.min(1_000, times); i++) {
          const stream = await connection.newStream(PeerProtocol.taskRelay).catch(() => null)
          if (stream?.status === 'open') opened.push(stream)
          if (connection.status !== 'open') break
        }
        await new Promise(resolve => setTimeout(resolve, 500)) // refusals are on their way
        const kept = opened.filter(stream => stream.status === 'open').length
        return { opened: opened.length, kept }
      }
      let flooding = true
      const honest = async (): Promise<void> => {
        while (flooding) {
          await ask(flooded)
          await new Promise(resolve => setTimeout(resolve, 20))
        }
      }
      const asking = honest()
      const [{ opened, kept }] = await Promise.all([streams(), ...Array.from({ length: 32 }, flood)])
      await new Promise(resolve => setTimeout(resolve, 2_000)) // it may be late in taking them
      flooding = false
      clearInterval(looking)
      await asking
      await close()
      const grown = (liveBytes() - memory) / MIB
      must(kept <= MOST_STREAMS, `one peer has ${kept} streams of a protocol`)
      must(most < MOST_SOCKETS, `the victim had ${most} sockets`)
      await until('every socket of the flood is closed', () => openFiles() <= files + 10, 30_000)
      must(grown < 100, `memory grew by ${grown.toFixed(0)} MiB`)
      const ms = (values: number[]): string => `${quantile(values, 0.95).toFixed(0)} ms`
      return `sockets of the victim ${most} at most, descriptors given back; honest answers ${flooded.length} of ${flooded.length}, p95 ${ms(flooded)} (idle ${ms(idle)}, attackers on the same cores); ${attempts} attempts, ${opened} streams taken; live memory +${grown.toFixed(0)} MiB`
    } finally {
      await lab.stop()
    }
  }
}
