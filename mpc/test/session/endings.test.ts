import { expect } from 'chai'
import { codeOf } from '@enigma/protocol'
import { seeded } from '../../harness/attack.ts'
import type { AttackTarget } from '../../harness/catalogue/targets.ts'
import { targets } from '../../harness/catalogue/targets.ts'
import { runCertified, certifiedNetwork, freshRequest } from '../../harness/certified.ts'
import { dealLocally, runEach } from '../../harness/local-parties.ts'
import type { Channel } from '../../src/session/channel.ts'
import type { Intercept } from '../../src/session/memory-channel.ts'
import type { Party } from '../../src/session/party.ts'

const SETTING = { n: 3, t: 1 }
const SEED = Number(process.env.MPC_SEED ?? Math.floor(Math.random() * 2 ** 31))
/** Far longer than a test may take: what ends, ends by something else. */
const LONG_MS = 600_000
const SILENCE_MS = 120

/** Counts waits that have not ended. */
class Waits {
  open = 0
  readonly wrap = (inner: Channel): Channel => ({
    ...inner,
    index: inner.index,
    size: inner.size,
    receive: async (...wanted) => {
      this.open++
      try {
        return await inner.receive(...wanted)
      } finally {
        this.open--
      }
    }
  })
}

const timers = (): number => process.getActiveResourcesInfo().filter(name => name === 'Timeout').length
const until = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await new Promise(resolve => setImmediate(resolve))
}

interface Played {
  readonly results: readonly unknown[]
  readonly messages: number
}

/** Runs an entry of the catalogue; `pass` says of the message of this number whether it arrives. */
async function play(
  { make }: AttackTarget,
  pass: (number: number, from: number) => boolean,
  timeoutMs: number,
  signal?: AbortSignal
): Promise<Played> {
  const program = make(seeded(5), SETTING).start(SETTING)
  let messages = 0
  const intercept: Intercept = ({ from, body }) => (pass(messages++, from) ? body : null)
  const waits = new Waits()
  const results = await runEach(
    { ...SETTING, security: 'active', timeoutMs, intercept, wrap: waits.wrap, ...(signal ? { signal } : {}) },
    program as (party: Party) => Promise<unknown>
  )
  // whoever was waiting beside the one that failed ends by the same deadline or signal
  await until(() => waits.open === 0)
  return { results, messages }
}

describe(`mpc/endings (MPC_SEED=${SEED})`, function () {
  this.timeout(120_000)
  let before: number
  beforeEach(done => {
    setImmediate(() => {
      before = timers()
      done()
    })
  })
  const noTimers = (): Promise<void> => until(() => timers() <= before)
  const random = seeded(SEED)

  it('end every protocol with MPC_ABORTED when the signal of its session aborts, leaving no wait and no timer', async () => {
    let aborted = 0
    for (const target of targets) {
      const { messages } = await play(target, () => true, LONG_MS)
      if (messages === 0) continue
      const controller = new AbortController()
      const last = Math.floor(random() * messages)
      const { results } = await play(
        target,
        number => {
          if (number === last) setImmediate(() => controller.abort(new Error('enough')))
          return number < last
        },
        LONG_MS,
        controller.signal
      )
      const codes = results.flatMap(result => (result instanceof Error ? [codeOf(result)] : []))
      const told = `${target.name}, message ${last} of ${messages}: ${codes}`
      expect(codes.length, told).to.be.above(0)
      expect(
        codes.filter(code => code !== 'MPC_ABORTED'),
        told
      ).to.deep.equal([])
      aborted++
    }
    expect(aborted).to.be.above(60)
    await noTimers()
  })

  it('end every protocol with the silent node named when a peer says nothing more, leaving no wait and no timer', async () => {
    let ended = 0
    // together: each of them waits for its deadline
    await Promise.all(
      targets.map(async target => {
        const counts = [0, 0, 0]
        await play(target, (_, from) => ++counts[from]! > 0, LONG_MS)
        const silent = Math.floor(random() * 3)
        const from = Math.floor(random() * counts[silent]!)
        if (counts[silent] === 0) return
        let sent = 0
        const { results } = await play(target, (_, sender) => sender !== silent || sent++ < from, SILENCE_MS)
        const errors = results.filter((result, i): result is Error => i !== silent && result instanceof Error)
        const told = `${target.name}: node ${silent} after ${from} of ${counts[silent]} messages: ${errors.map(codeOf)}`
        expect(errors.length, told).to.be.above(0)
        for (const error of errors) expect(codeOf(error), told).to.match(/^MPC_(TIMEOUT|ABORTED)$/)
        const named = errors.flatMap(error => {
          const { facts } = error as unknown as { facts: { code: string; from?: number } }
          return facts.code === 'MPC_TIMEOUT' ? [facts.from] : []
        })
        expect(named, told).to.include(silent)
        ended++
      })
    )
    expect(ended).to.be.above(60)
    await noTimers()
  })

  it('end a certified release by a deadline of its own where the validator says nothing', async () => {
    const shares = dealLocally([3n, 4n], 3, 1)
    const never = new Promise<never>(() => undefined)
    for (const silent of ['commit', 'conclude'] as const) {
      const { failures, certificate } = await runCertified(
        certifiedNetwork(3, 1),
        freshRequest(),
        async party => shares[party.index]!,
        {
          timeoutMs: 100,
          validator: (_, honest) => ({
            commit: signed => (silent === 'commit' ? never : honest.commit(signed)),
            conclude: signed => (silent === 'conclude' ? never : honest.conclude(signed))
          })
        }
      )
      expect(certificate).to.equal(undefined)
      for (const failure of failures) {
        expect((failure as { facts?: object } | null)?.facts).to.deep.equal({
          code: 'MPC_CERTIFICATE',
          what: 'validator'
        })
      }
      await noTimers()
    }
  })
})
