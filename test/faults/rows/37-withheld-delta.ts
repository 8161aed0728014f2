import { codeOf } from '@enigma/protocol'
import { until } from '@enigma/worker/testing'
import { must, type Row } from '../row.ts'
import { CODE, CONTRACT, StoreLab } from '../support/stores.ts'

const DELTAS = 20

/** A peer holds one delta in the middle back; the chain says that there is one. */
export const row: Row = {
  number: 37,
  name: 'withheld delta in the middle',
  lane: 'parts',
  times: { core: 1, full: 20, campaign: 200 },
  async run({ random, times }) {
    for (let round = 0; round < times; round++) {
      const lab = new StoreLab(['alice', 'bob', 'evil'])
      try {
        const deltas = lab.history(DELTAS)
        const alice = await lab.honest('alice')
        const withheld = 1 + random.below(DELTAS - 2)
        await lab.evil('evil', { delta: index => (index === withheld ? null : deltas[index]!.delta), code: () => CODE })
        await until('alice knows the evil one', () => alice.network.peers().length === 1)
        const refusal = await alice.sync
          .ensure(CONTRACT, DELTAS - 1, AbortSignal.timeout(1_500))
          .then(() => 'success', codeOf)
        must(refusal !== 'success', `delta ${withheld} is missing, and the state was served as whole`)
        must(
          !(await alice.store.hasDelta(CONTRACT, withheld, deltas[withheld]!.hash)),
          'the withheld delta came from nowhere'
        )

        const { store } = await lab.honest('bob')
        for (const { delta } of deltas) await store.putDelta(delta, null)
        await alice.sync.ensure(CONTRACT, DELTAS - 1, AbortSignal.timeout(60_000))
        must(await alice.store.hasDelta(CONTRACT, withheld, deltas[withheld]!.hash), 'the delta is still missing')
      } finally {
        await lab.stop()
      }
    }
    return `served with a gap 0 of ${times}; completed from another source ${times} of ${times}`
  }
}
