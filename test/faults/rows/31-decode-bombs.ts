import { must, quantile, type Row } from '../row.ts'
import { jsonCorpus } from '../support/json-corpus.ts'
import { RpcLab } from '../support/rpc-lab.ts'
import { post } from '@enigma/worker/testing'

/** Bodies that are small to send and could be large, deep or slow to read. */
export const row: Row = {
  number: 31,
  name: 'decode bombs',
  lane: 'parts',
  times: { core: 1, full: 20, campaign: 100 },
  async run({ times }) {
    const lab = await RpcLab.start({ perSecond: 1e9, burst: 1e9 })
    const took: number[] = []
    let slowest = { name: '', ms: 0 }
    try {
      await lab.answers()
      for (let round = 0; round < times; round++) {
        for (const { name, body } of jsonCorpus()) {
          const started = performance.now()
          const { status } = await post(lab.port, body)
          const ms = performance.now() - started
          took.push(ms)
          if (ms > slowest.ms) slowest = { name, ms }
          must([200, 204, 400, 413, 415].includes(status), `${name}: status ${status}`)
        }
      }
      must(await lab.answers(), 'an honest call is not answered any more')
      const p95 = quantile(took, 0.95)
      return `bounded errors for ${took.length} bodies; ${p95.toFixed(0)} ms p95, slowest ${slowest.ms.toFixed(0)} ms (${slowest.name})`
    } finally {
      await lab.stop()
    }
  }
}
