import { must, quantile, type Row } from '../row.ts'
import { ownBombs, protobufBombs } from '../support/binary-bombs.ts'
import { DECODERS } from '../support/codecs.ts'
import { jsonCorpus } from '../support/json-corpus.ts'
import { PeerLab } from '../support/peers.ts'
import { RpcLab } from '../support/rpc-lab.ts'
import { post } from '@enigma/worker/testing'

/** Of a processor, for sending, reading and answering one body. */
const MOST_MS = 50

/** Rounds at least: more than half of them are past the first ones, in which code is compiled and the collector runs beside it. */
const LEAST = 9

/** Bodies that are small to send and could be large, deep or slow to read: JSON, our own encodings, and the library's protobuf. */
export const row: Row = {
  number: 31,
  name: 'decode bombs',
  lane: 'parts',
  times: { core: 1, full: 20, campaign: 100 },
  async run({ random, times }) {
    const rounds = Math.max(LEAST, times)
    const lab = await RpcLab.start({ perSecond: 1e9, burst: 1e9 })
    const peers = await PeerLab.start({ banPoints: Infinity, inboundPerSecond: 1_000 })
    const corpus = jsonCorpus()
    const took = new Map<string, number[]>()
    const note = (name: string, ms: number): void => void took.set(name, [...(took.get(name) ?? []), ms])
    try {
      await lab.answers()
      for (let round = 0; round < rounds; round++) {
        for (const { name, body } of corpus) {
          const before = process.cpuUsage()
          const { status } = await post(lab.port, body)
          const { user, system } = process.cpuUsage(before)
          note(name, (user + system) / 1_000)
          must([200, 204, 400, 413, 415].includes(status), `${name}: status ${status}`)
        }
        await ownBombs(random, note)
        await protobufBombs(peers, round, note)
      }
      must(await lab.answers(), 'an honest call is not answered any more')
      await peers.honest('bob') // and is believed
      // The middle of its rounds: in one of them the collector may have run.
      const middles = [...took].map(([name, all]) => ({ name, ms: quantile(all, 0.5) })).sort((a, b) => b.ms - a.ms)
      const slowest = middles[0]!
      must(slowest.ms < MOST_MS, `${slowest.name} takes ${slowest.ms.toFixed(0)} ms of a processor`)
      return `bounded errors for ${took.size} bodies, ${rounds} times each (${corpus.length} of JSON, those of ${DECODERS.length} decoders of ours, 5 of protobuf); the slowest takes ${slowest.ms.toFixed(0)} ms of a processor (${slowest.name})`
    } finally {
      await lab.stop()
      await peers.stop()
    }
  }
}
