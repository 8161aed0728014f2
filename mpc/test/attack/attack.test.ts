import { expect } from 'chai'
import { attack, countMessages, repeat, seeded, TAMPERINGS, type Tampering } from '../../harness/attack.ts'
import type { Setting } from '../../harness/catalogue/protocol.ts'
import { targets, type AttackTarget } from '../../harness/catalogue/targets.ts'
import { timesFirst } from '../../harness/catalogue/veiled.ts'
import { dealLocally, runParties } from '../../harness/local-parties.ts'
import { DEFAULT_PRIME, Field, type Vec } from '../../src/field/field.ts'
import * as mpc from '../../src/index.ts'
import { isNegative, isZero } from '../../src/protocols/compare.ts'
import { modInverse } from '../../src/field/prime.ts'
import { mul, reduceProduct } from '../../src/protocols/multiply.ts'
import { toss } from '../../src/protocols/coin.ts'
import { elements, evaluator, type LocalProduct } from '../../src/protocols/product.ts'
import { reshareInParts } from '../../src/protocols/reshare.ts'
import { truncate } from '../../src/protocols/truncate.ts'
import { verifyProducts } from '../../src/protocols/verify.ts'
import type { Party } from '../../src/session/party.ts'

const RUNS = Number(process.env.MPC_TAMPERINGS ?? 500)
const SEED = Number(process.env.MPC_SEED ?? Math.floor(Math.random() * 2 ** 31))
/** Where blame is possible, one failure in so many is followed by the repetition without whom it names. */
const REPEATED = 3

interface Tally {
  aborted: number
  right: number
  corrected: number
  blamed: number
  repeated: number
  silent: number
}

const isSilence = (kind: Tampering): boolean => kind === 'drop' || kind === 'late'

/** One tampering, with everything that must hold whatever it is. */
async function strike(
  target: AttackTarget,
  setting: Setting,
  random: () => number,
  choose: { culprit: number; kind: Tampering; at?: number; total?: number },
  about: string,
  seen: Tally
): Promise<void> {
  const { start, right } = target.make(random, setting)
  const { culprit, kind } = choose
  const total = choose.total ?? (await countMessages(setting, start))[culprit]!
  if (LOCAL.includes(target.name)) expect(total, target.name).to.equal(0)
  else expect(total, `messages of ${culprit} in ${target.name}`).to.be.above(0)
  const at = choose.at ?? Math.floor(random() * total)
  const outcome = await attack(start, { ...setting, culprit, kind, at, random })
  const { values, codes, named, accused, silent, struck } = outcome
  const told = `${about} (message ${at} of ${total}): ${codes}`
  if (kind !== 'output' && total > 0) expect(struck, `${told}: nothing was tampered with`).to.equal(true)
  for (const node of named) expect(node, told).to.equal(culprit)
  for (const nodes of accused) expect(nodes, told).to.include(culprit)
  if (values) {
    expect(right(values), `${told} gave ${values}`).to.equal(true)
    seen.right++
    if (named.length > 0) seen.corrected++
  } else {
    expect(
      codes.every(code => code === 'none' || code.startsWith('MPC_')),
      told
    ).to.equal(true)
    expect(
      codes.some(code => code !== 'none'),
      told
    ).to.equal(true)
    seen.aborted++
  }
  // late is not wrong; silence is an error at all who wait, and somebody waits for each message
  if (kind === 'delay') expect(values, told).to.not.equal(null)
  if (isSilence(kind) && total > 0) {
    // with four nodes the result may be there all the same: three checked shares suffice
    if (setting.n === 2 * setting.t + 1) expect(values, told).to.equal(null)
    expect(silent, told).to.include(culprit)
    seen.silent++
  }
  const canCorrect = setting.n >= 3 * setting.t + 1
  // a wrong result share is corrected by whoever puts the result together, a wrong row by the nodes that hear it: both name its sender
  if (canCorrect && (kind === 'output' || (kind === 'change' && target.name === 'protocols/open.openChecked'))) {
    expect(values, told).to.not.equal(null)
    expect(named, told).to.deep.equal([culprit])
  }
  if (!canCorrect || !target.blames || values || isSilence(kind)) return
  expect(accused.length, told).to.be.above(0)
  seen.blamed++
  if (seen.blamed % REPEATED !== 0) return
  const without = mpc.chooseWithout(setting, [accused[0]!])!
  if (target.name.startsWith('certificate')) return // its validator knows of all nodes
  expect(right(await repeat(setting, start, without)), `${told}, repeated without ${without}`).to.equal(true)
  seen.repeated++
}

const NETWORKS: readonly Setting[] = [
  { n: 3, t: 1 },
  { n: 4, t: 1 },
  { n: 7, t: 2 }
]
const CAMPAIGN = process.env.MPC_CAMPAIGN === '1'
/** What everything else is made of: attacked message by message. */
const EACH = [
  'protocols/multiply.mul',
  'protocols/open.openChecked',
  'protocols/masked.openMasked',
  'protocols/coin.toss',
  'protocols/random-bits.randomSigns',
  'protocols/truncate.truncate',
  'protocols/truncate.truncateProduct',
  'protocols/load.loadShares',
  'protocols/agree.whoSays',
  'protocols/broadcast.broadcast',
  'protocols/compare.isNegative',
  'protocols/compare.isZero',
  'protocols/field-inverse.fieldInverse',
  'bits/convert.signsOf',
  'bits/gate-proof.proveGates',
  'bits/replicated.openBits',
  'maintenance/refresh.refresh',
  'maintenance/hand-over.giveShares with takeShares',
  'session/keys.agreeOnKeys',
  'certificate/certified-release.certifiedRelease'
]
const attacked = targets.filter(({ inside }) => !inside)
/** What needs no message: nothing to tamper with but the released shares. */
const LOCAL = [
  'numbers/arithmetic.add',
  'numbers/arithmetic.sub',
  'numbers/arithmetic.neg',
  'numbers/arithmetic.publicValue',
  'numbers/arithmetic.scaleInteger',
  'numbers/arithmetic.sum',
  'protocols/release.release'
]

describe('mpc/attack', function () {
  this.timeout(120_000 + RUNS * 1_000)

  it(`gives no wrong answer under ${RUNS} random tamperings of any message of any protocol (MPC_SEED=${SEED})`, async () => {
    const random = seeded(SEED)
    const seen: Tally = { aborted: 0, right: 0, corrected: 0, blamed: 0, repeated: 0, silent: 0 }
    for (let run = 0; run < RUNS; run++) {
      // each at least once, if there are runs enough; then slow ones less often
      let target = attacked[run]
      while (!target) {
        const drawn = attacked[Math.floor(random() * attacked.length)]!
        if (!drawn.slow || random() < 0.15) target = drawn
      }
      const settings = NETWORKS.filter(target.fits)
      const dice = random()
      const setting = settings[dice < 0.5 ? 0 : dice < 0.9 || target.slow ? 1 : 2] ?? settings[0]!
      // who waits for silence waits for real
      const quick = TAMPERINGS.filter(each => !isSilence(each))
      const chance = random()
      const kind = chance < 0.03 ? 'drop' : chance < 0.06 ? 'late' : quick[Math.floor(random() * quick.length)]!
      const culprit = Math.floor(random() * setting.n)
      const about = `run ${run}: ${kind} by ${culprit} of ${setting.n} in ${target.name}`
      await strike(target, setting, random, { culprit, kind }, about, seen)
    }
    console.log(`      ${JSON.stringify(seen)}`)
    expect(seen.aborted).to.be.above(RUNS / 5)
    if (RUNS >= 500) {
      for (const [what, count] of Object.entries(seen)) expect(count, what).to.be.above(0)
    }
  })

  // protocols whose messages are few: each message of every party with three nodes, of one party with four. Kinds of tampering take turns
  // from message to message, so that each protocol has all; in the campaign each message has all kinds, and every protocol its turn
  for (const [number, target] of attacked
    .filter(({ name, slow }) => EACH.includes(name) || (CAMPAIGN && !slow))
    .entries()) {
    it(`gives no wrong answer for any message that is tampered with in ${target.name}`, async () => {
      const random = seeded(SEED + number)
      const seen: Tally = { aborted: 0, right: 0, corrected: 0, blamed: 0, repeated: 0, silent: 0 }
      const kinds = TAMPERINGS.filter(kind => kind !== 'output')
      let turn = number
      for (const setting of NETWORKS.slice(0, CAMPAIGN ? 3 : 2).filter(target.fits)) {
        const made = target.make(random, setting)
        const fixed = { ...target, make: () => made }
        const counts = await countMessages(setting, made.start)
        for (const culprit of CAMPAIGN || setting.n === 3 ? counts.keys() : [number % setting.n]) {
          const total = counts[culprit]!
          // to stay silent takes time: once for each party here
          let silences = 0
          for (let at = 0; at < total; at++) {
            let kind = kinds[turn++ % kinds.length]!
            if (isSilence(kind) && silences++ > (CAMPAIGN ? 3 : 0)) kind = 'change'
            for (const each of CAMPAIGN && EACH.includes(target.name) ? kinds : [kind]) {
              const about = `${each} by ${culprit} of ${setting.n} in ${target.name}`
              await strike(fixed, setting, random, { culprit, kind: each, at, total }, about, seen)
            }
          }
        }
      }
      expect(seen.aborted + seen.corrected).to.be.above(0)
    })
  }

  /** A product to which `culprit` adds `delta` at one place while keeping all it sends consistent. */
  const cheat = (party: Party, x: mpc.Vec, culprit: number, delta: bigint, place: number): Promise<mpc.Vec> =>
    party.index === culprit ? falsify(party, elements(party.field, x, x), delta, place) : mul(party, x, x)
  /** What the culprit does in place of `reduceProduct`. */
  const falsify = async (party: Party, product: LocalProduct, delta: bigint, place: number): Promise<mpc.Vec> => {
    const { field, index } = party
    const op = party.operation('product')
    const shift = field.zeros(product.count)
    shift.set(field.constant(delta * modInverse(party.session.productWeights[index]!, field.p)), place * field.limbs)
    const honest = evaluator(field, product)
    const { result, dealt } = await reshareInParts(op, product.count, (from, to) =>
      field.add(honest(from, to), field.slice(shift, from, to))
    )
    op.ledger.add({ product, result, dealt })
    return result
  }

  // a comparison reads the sign of what it opens, an equality its bits, a truncation its upper part: each behind a bounded mask
  type Opener = (party: Party, x: Vec, culprit: number, delta: bigint) => Promise<unknown>
  const after =
    (open: (party: Party, product: Vec) => Promise<Vec>): Opener =>
    async (party, x, culprit, delta) =>
      open(party, await cheat(party, x, culprit, delta, 0))
  const openers: Record<string, Opener> = {
    comparison: after((party, x) => isNegative(party, x, 63)),
    truncation: after((party, x) => truncate(party, x, 16, 63)),
    'bit extraction': after((party, x) => isZero(party, x, 63)),
    'step on veils': (party, x, culprit, delta) =>
      timesFirst(party, x, 3, (at, product) =>
        at.index === culprit ? falsify(at, product, delta, 0) : reduceProduct(at, product)
      )
  }
  for (const [name, open] of Object.entries(openers)) {
    for (const n of [3, 4]) {
      it(`aborts before the opening when a corrupt node adds 2^112 to a product that a ${name} uses (n=${n})`, async () => {
        const x = dealLocally([5n], n, 1)
        const { bytes } = Field.of(DEFAULT_PRIME)
        for (const culprit of [0, 1, 2]) {
          const play = async (delta: bigint): Promise<{ sent: string[]; code: string; nodes: readonly number[] }> => {
            const sent: string[] = []
            const { code, facts } = await runParties(
              {
                n,
                security: 'active',
                session: `barrier ${culprit}`,
                timeoutMs: 15_000,
                intercept: ({ from, to, operation, step, body }) => {
                  if (from !== culprit) sent.push(`${from}>${to}/${operation}/${step}/${body.length}`)
                  return body
                }
              },
              async party => open(party, x[party.index]!, culprit, delta)
            ).then(
              () => ({ code: 'none', facts: {} }),
              (e: { code: string; facts: { nodes?: readonly number[] } }) => e
            )
            return { sent, code, nodes: 'nodes' in facts ? facts.nodes! : [] }
          }
          const [honest, struck] = [await play(0n), await play(2n ** 112n)]
          expect([honest.code, struck.code]).to.deep.equal(['none', 'MPC_PRODUCT_CHECK'])
          // What the cheated run has in common with the honest one is the beginning of the honest one, up to the check and its verdict.
          // Beyond that there is, with three nodes, nothing; with four, the investigation, whose messages have names of their own
          const common = struck.sent.filter(message => honest.sent.includes(message))
          expect(honest.sent.slice(0, common.length).sort()).to.deep.equal([...common].sort())
          if (n === 3) expect(common).to.have.length(struck.sent.length)
          else expect(struck.nodes).to.deep.equal([culprit])
          // the next thing that the honest parties would have done is the opening: one element from each to all it tells
          const next = honest.sent.slice(common.length, common.length + n - 1)
          expect(next.length).to.equal(n - 1)
          for (const message of next) expect(message.endsWith(`/${bytes}`), message).to.equal(true)
          for (const message of honest.sent.slice(common.length)) expect(struck.sent).to.not.include(message)
        }
      })
    }
  }

  it('catches one wrong product among many, wherever it is', async () => {
    const values = Array.from({ length: 3000 }, (_, i) => BigInt(i))
    for (const n of [3, 4]) {
      const x = dealLocally(values, n, 1)
      for (const place of [0, 1, 1499, 2999]) {
        const code = await runParties({ n, security: 'active', timeoutMs: 15_000 }, async party => {
          if (n === 3) await cheat(party, x[party.index]!, 1, 1n, place)
          else {
            // the same product claimed with a result that is off by a consistent sharing of 1
            const { field } = party
            const result = await mul(party, x[party.index]!, x[party.index]!)
            party.ledger.take()
            const off = field.zeros(3000)
            off.set(field.constant(1n), place * field.limbs)
            party.ledger.add({
              product: elements(field, x[party.index]!, x[party.index]!),
              result: field.add(result, off)
            })
          }
          await verifyProducts(party)
        }).then(
          () => 'none',
          (e: { code: string }) => e.code
        )
        expect(code, `n=${n}, place ${place}`).to.equal('MPC_PRODUCT_CHECK')
      }
    }
  })

  it('tosses no coin while a message is outstanding: its sender could fit it to the coin (three nodes)', async () => {
    const x = dealLocally([5n, 6n], 3, 1)
    const { bytes } = Field.of(DEFAULT_PRIME)
    for (const culprit of [0, 1, 2]) {
      const victim = (culprit + 1) % 3
      // two messages of 64 bytes a node and coin; the one that the victim owes the culprit holds a half that nobody else may tell
      const heard: { from: number; body: Uint8Array; late: boolean }[] = []
      let released = false
      let withheld = false
      await runParties(
        {
          security: 'active',
          timeoutMs: 15_000,
          intercept: ({ from, to, body }) => {
            if (from === culprit && body.length === 2 * bytes && !withheld) {
              withheld = true
              setTimeout(() => (released = true), 250)
              return [{ body, afterMs: 300 }]
            }
            if (to === culprit && body.length === 64 && heard.length < 2) heard.push({ from, body, late: released })
            return body
          }
        },
        async party => {
          await mul(party, x[party.index]!, x[party.index]!)
          await verifyProducts(party)
        }
      )
      const [first, second] = heard as [(typeof heard)[number], (typeof heard)[number]]
      expect([first.from, first.late, second.from, second.late]).to.deep.equal([
        3 - culprit - victim,
        false,
        victim,
        true
      ])
      const half = Buffer.from(second.body.subarray(0, 32))
      expect(Buffer.from(first.body).includes(half), 'told by the other node').to.equal(false)
    }
  })

  it('takes no half of a coin that the third node did not commit to', async () => {
    for (const culprit of [0, 1, 2]) {
      const codes = await runParties(
        {
          security: 'active',
          timeoutMs: 15_000,
          intercept: ({ from, to, body }) => {
            if (from === culprit && to === (culprit + 1) % 3) body[0]! ^= 1
            return body
          }
        },
        party => toss(party).catch((e: { code: string }) => e.code)
      )
      expect(codes.results[(culprit + 1) % 3]).to.equal('MPC_OPENING')
      expect(codes.results[(culprit + 2) % 3]).to.equal(codes.results[culprit])
    }
  })

  it('tosses no coin while a message is outstanding (four nodes)', async () => {
    const x = dealLocally([5n, 6n], 4, 1)
    const { bytes } = Field.of(DEFAULT_PRIME)
    for (const culprit of [0, 1, 2]) {
      let withheld = false
      const coins: number[] = []
      const failure = await runParties(
        {
          n: 4,
          security: 'active',
          timeoutMs: 300,
          intercept: ({ from, to, body }) => {
            if (from === culprit && body.length === 2 * bytes && !withheld) return ((withheld = true), null)
            // a share of the coin goes to all others; of a dealt element the next one draws its share from a key
            if (from !== culprit && body.length === bytes && to === (from + 1) % 4) coins.push(from)
            return body
          }
        },
        async party => {
          await mul(party, x[party.index]!, x[party.index]!)
          await verifyProducts(party)
        }
      ).catch((e: { code: string }) => e.code)
      expect(withheld).to.equal(true)
      expect(failure).to.equal('MPC_TIMEOUT')
      expect(coins).to.deep.equal([])
    }
  })

  it('prints how likely a wrong product is to pass', () => {
    expect(mpc.soundnessBits(2 ** 24, 164)).to.be.below(-130)
    expect(mpc.soundnessBits(2 ** 24, 61)).to.be.within(-37, -34)
  })

  it('refuses to prove products over a modulus that is too small for it', async () => {
    const prime = 2n ** 61n - 1n
    const x = dealLocally([5n], 3, 1, prime)
    const code = await runParties({ prime, security: 'active', timeoutMs: 15_000 }, async party => {
      await mul(party, x[party.index]!, x[party.index]!)
      await verifyProducts(party)
    }).then(
      () => 'none',
      (e: { code: string }) => e.code
    )
    expect(code).to.equal('MPC_PARAMETERS')
  })

  it('refuses two operations at once on one branch in active mode, where their order would not be fixed', async () => {
    const x = dealLocally([5n], 3, 1)
    const code = await runParties({ security: 'active', timeoutMs: 15_000 }, party =>
      Promise.all([mul(party, x[party.index]!, x[party.index]!), mul(party, x[party.index]!, x[party.index]!)])
    ).then(
      () => 'none',
      (e: { facts: { what: string } }) => e.facts.what
    )
    expect(code).to.equal('concurrency')
  })
})
