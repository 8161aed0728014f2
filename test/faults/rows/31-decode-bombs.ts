import { must, quantile, type Row } from '../row.ts'
import { jsonCorpus } from '../support/json-corpus.ts'
import { RpcLab } from '../support/rpc-lab.ts'
import { post } from '@enigma/worker/testing'

/** Of a processor, for sending, reading and answering one body. */
const MOST_MS = 50

/** Bodies that are small to send and could be large, deep or slow to read. */
export const row: Row = {
  number: 31,
  name: 'decode bombs',
  lane: 'parts',
  times: { core: 1, full: 20, campaign: 100 },
  async run({ times }) {
    const lab = await RpcLab.start({ perSecond: 1e9, burst: 1e9 })
    const corpus = jsonCorpus()
    const took = new Map(corpus.map(({ name }): [string, number[]] => [name, []]))
    try {
      await lab.answers()
      for (let round = 0; round < times; round++) {
        for (const { name, body } of corpus) {
          const before = process.cpuUsage()
          const { status } = await post(lab.port, body)
          const { user, system } = process.cpuUsage(before)
          took.get(name)!.push((user + system) / 1_000)
          must([200, 204, 400, 413, 415].includes(status), `${name}: status ${status}`)
        }
      }
      must(await lab.answers(), 'an honest call is not answered any more')
      // The middle of its rounds: in one of them the collector may have run.
      const middles = [...took].map(([name, all]) => ({ name, ms: quantile(all, 0.5) })).sort((a, b) => b.ms - a.ms)
      const slowest = middles[0]!
      must(slowest.ms < MOST_MS, `${slowest.name} takes ${slowest.ms.toFixed(0)} ms of a processor`)
      return `bounded errors for ${corpus.length} bodies, ${times} times each; the slowest takes ${slowest.ms.toFixed(0)} ms of a processor (${slowest.name})`
    } finally {
      await lab.stop()
    }
  }
}
