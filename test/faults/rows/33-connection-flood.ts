import { connect } from 'node:net'
import { PeerProtocol } from '@enigma/protocol'
import { must, quantile, type Row } from '../row.ts'
import { until } from '@enigma/worker/testing'
import { PeerLab } from '../support/peers.ts'
import { MIB, liveBytes, openFiles } from '../support/resources.ts'

/** Thirty-two attempts at a time have a socket at either end, and some are still in their last moments. */
const MOST_FILES = 300

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
      const flood = async (): Promise<void> => {
        while (attempts < times) {
          attempts += 1
          const socket = connect({ port, host: '127.0.0.1', localAddress: `127.0.2.${1 + random.below(250)}` })
          socket.on('error', () => undefined)
          if (random.chance(0.5)) socket.write(random.bytes(random.below(100)))
          await new Promise(resolve => setTimeout(resolve, random.below(20)))
          socket.destroy()
          most = Math.max(most, openFiles() - files)
        }
      }
      const { connection, close } = await lab.attacker('mallory')
      const streams = async (): Promise<number> => {
        let opened = 0
        for (let i = 0; i < Math.min(1_000, times); i++) {
          const stream = await connection.newStream(PeerProtocol.taskRelay).catch(() => null)
          if (stream?.status === 'open') opened += 1
          if (connection.status !== 'open') break
        }
        return opened
      }
      let flooding = true
      const honest = async (): Promise<void> => {
        while (flooding) {
          await ask(flooded)
          await new Promise(resolve => setTimeout(resolve, 20))
        }
      }
      const asking = honest()
      const [opened] = await Promise.all([streams(), ...Array.from({ length: 32 }, flood)])
      flooding = false
      await asking
      await close()
      const grown = (liveBytes() - memory) / MIB
      must(most < MOST_FILES, `${most} descriptors were open`)
      await until('every socket of the flood is closed', () => openFiles() <= files + 10, 30_000)
      must(grown < 100, `memory grew by ${grown.toFixed(0)} MiB`)
      const ms = (values: number[]): string => `${quantile(values, 0.95).toFixed(0)} ms`
      return `descriptors +${most} at most, given back; honest answers ${flooded.length} of ${flooded.length}, p95 ${ms(flooded)} (idle ${ms(idle)}, attackers on the same cores); ${attempts} attempts, ${opened} streams taken; live memory +${grown.toFixed(0)} MiB`
    } finally {
      await lab.stop()
    }
  }
}
