import { codeHashOf, utf8 } from '@enigma/protocol'
import { makeDelta, until } from '@enigma/worker/testing'
import { must, type Row } from '../row.ts'
import { CODE, CONTRACT, StoreLab } from '../support/stores.ts'

const DELTAS = 40

/** Two of five workers answer with wrong bytecode, forged deltas, or true ones in the wrong place. */
export const row: Row = {
  number: 36,
  name: 'peers serve wrong bytecode, delta, order',
  lane: 'parts',
  times: { core: 1, full: 20, campaign: 200 },
  async run({ random, times }) {
    for (let round = 0; round < times; round++) {
      const lab = new StoreLab(['alice', 'bob', 'carol', 'evil 1', 'evil 2'])
      try {
        const deltas = lab.history(DELTAS)
        const newcomer = await lab.honest('alice') // first: the others bootstrap from the first one
        for (const [i, name] of ['evil 1', 'evil 2'].entries()) {
          await lab.evil(name, {
            delta: index =>
              i === 0 ? makeDelta(CONTRACT, index, `forged ${round}`).delta : deltas[random.below(DELTAS)]!.delta,
            code: () => utf8('other code')
          })
        }
        await until('alice knows the evil ones', () => newcomer.network.peers().length >= 2)
        const enough = new AbortController()
        const attempt = newcomer.sync.ensure(CONTRACT, DELTAS - 1, enough.signal).catch(() => undefined)
        await until('both evil ones to be sent away', () => newcomer.network.peers().length === 0, 60_000) // the third offence counts
        enough.abort()
        await attempt
        for (const name of ['bob', 'carol']) {
          const { store } = await lab.honest(name)
          for (const { delta } of deltas) await store.putDelta(delta, null)
          await store.putBytecode(CODE, null)
        }
        await newcomer.sync.ensure(CONTRACT, DELTAS - 1, AbortSignal.timeout(60_000))
        const code = await newcomer.sync.ensureBytecode(codeHashOf(CODE))
        must(Buffer.from(code).equals(Buffer.from(CODE)), 'wrong bytecode was taken')
        for (const [index, { delta, hash }] of deltas.entries()) {
          const held = await newcomer.store.getDelta(CONTRACT, index, hash)
          must(held !== null && Buffer.from(held).equals(Buffer.from(delta)), `delta ${index} is not the chain's`)
          const forged = makeDelta(CONTRACT, index, `forged ${round}`).hash
          must(!(await newcomer.store.hasDelta(CONTRACT, index, forged)), `a forged delta ${index} was taken`)
        }
      } finally {
        await lab.stop()
      }
    }
    return `accepted 0 of ${times * DELTAS} deltas; sync complete ${times} of ${times}; evil peers sent away ${2 * times} of ${2 * times}`
  }
}
