import { expect } from 'chai'
import fc from 'fast-check'
import { ZERO_HASH, address, hash, randomBytes, scAddr, x25519Pair, type ChainView } from '@enigma/protocol'
import { openGrants, sealGrants, type GrantContext } from '../../src/keys/grants.ts'
import { Retention } from '../../src/keys/retention.ts'
import { StateKeys } from '../../src/keys/state-keys.ts'

const A = scAddr(`0x${'aa'.repeat(32)}`)
const B = scAddr(`0x${'bb'.repeat(32)}`)

const view = (change: Partial<ChainView>): ChainView => ({
  nonce: ZERO_HASH,
  block: 100,
  blockHash: ZERO_HASH,
  time: 1,
  epoch: 5,
  epochStart: 90,
  previousEnd: 95,
  generation: 0,
  contracts: [],
  ...change
})
const naming = (block: number, ...contracts: (typeof A)[]): ChainView =>
  view({
    block,
    contracts: contracts.map(c => ({ scAddr: c, codeHash: ZERO_HASH, deltaCount: 0, headHash: ZERO_HASH, tasks: [] }))
  })

describe('keys/grants', () => {
  const context: GrantContext = {
    domain: { chainId: 31337n, enigma: address(`0x${'e1'.repeat(20)}`) },
    nonce: hash(`0x${'01'.repeat(32)}`),
    viewDigest: hash(`0x${'02'.repeat(32)}`),
    principalSigner: address(`0x${'03'.repeat(20)}`),
    askerSigner: address(`0x${'04'.repeat(20)}`)
  }
  const principal = x25519Pair()
  const asker = x25519Pair()
  const grants = [{ scAddr: A, generation: 0, key: randomBytes(32) }]
  const sealed = sealGrants(context, principal.privateKey, asker.publicKey, grants)

  it('open for the asker, with the principal that made them', () => {
    expect(openGrants(context, asker.privateKey, principal.publicKey, sealed)).to.deep.equal(grants)
  })

  it('open for nobody else, and not as those of somebody else', () => {
    const other = x25519Pair()

    expect(() => openGrants(context, other.privateKey, principal.publicKey, sealed)).to.throw('does not open')
    expect(() => openGrants(context, asker.privateKey, other.publicKey, sealed)).to.throw('does not open')
  })

  it('belong to one chain, view, principal and asker', () => {
    const changes: Partial<GrantContext>[] = [
      { domain: { ...context.domain, chainId: 1337n } },
      { domain: { ...context.domain, enigma: address(`0x${'e2'.repeat(20)}`) } },
      { nonce: ZERO_HASH },
      { viewDigest: ZERO_HASH },
      { principalSigner: context.askerSigner },
      { askerSigner: context.principalSigner }
    ]
    for (const change of changes) {
      const other = { ...context, ...change }
      expect(() => openGrants(other, asker.privateKey, principal.publicKey, sealed)).to.throw('does not open')
    }
  })

  it('refuse an ephemeral key of low order', () => {
    const weak = sealed.slice()
    weak.fill(0, 0, 32)

    expect(() => openGrants(context, asker.privateKey, principal.publicKey, weak)).to.throw('not usable')
  })
})

describe('keys/state-keys', () => {
  const grant = (contract: typeof A, generation = 0, byte = 1) => ({
    scAddr: contract,
    generation,
    key: new Uint8Array(32).fill(byte)
  })

  it('gives the key of a contract and generation, and no other', () => {
    const keys = new StateKeys()
    keys.take(naming(10, A), [grant(A, 0, 1), grant(A, 1, 2)])

    expect(keys.get(A, 1)[0]).to.equal(2)
    expect(() => keys.get(A, 2)).to.throw('generation 2')
    expect(() => keys.get(B, 0)).to.throw('no state key')
  })

  it('takes no key for a contract that the view does not name', () => {
    const keys = new StateKeys()
    keys.take(naming(10, A), [grant(B)])

    expect(keys.has(B)).to.equal(false)
  })

  it('follows the latest view, whatever order they come in', () => {
    const keys = new StateKeys()
    keys.take(naming(10, A, B), [grant(A), grant(B)])
    keys.take(naming(9, A), [])
    expect(keys.has(A)).to.equal(true)
    keys.take(naming(11, A), [])

    expect(keys.has(A)).to.equal(false)
    expect(keys.has(B)).to.equal(true)
  })
})

describe('keys/retention (R9)', () => {
  it('keeps the keys of ended epochs until end + GRACE + G*W + CONF', () => {
    const retention = new Retention(1)
    const at = (block: number) => retention.after(view({ block }))

    expect(at(95 + 21 + 1)).to.equal(0)
    expect(at(95 + 21 + 2)).to.equal(5)
  })

  it('remembers earlier ends when epochs are shorter than the retention', () => {
    const retention = new Retention(1)
    retention.after(view({ epoch: 5, previousEnd: 95, block: 91 }))
    retention.after(view({ epoch: 6, previousEnd: 105, block: 101 }))
    retention.after(view({ epoch: 7, previousEnd: 115, block: 111 }))

    expect(retention.after(view({ epoch: 7, previousEnd: 115, block: 118 }))).to.equal(5)
    expect(retention.after(view({ epoch: 8, previousEnd: 125, block: 128 }))).to.equal(6)
  })

  it('never lets go of an epoch whose tasks may still be settled', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 4, max: 60 }),
        fc.constantFrom(1, 12),
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 40 }),
        (epochSize, confirmations, steps) => {
          const retention = new Retention(confirmations)
          const grace = Math.floor(epochSize / 2)
          let block = 10
          for (const step of steps) {
            block += step
            const epoch = 1 + Math.floor(block / epochSize)
            const epochStart = (epoch - 1) * epochSize
            const below = retention.after(view({ epoch, epochStart, previousEnd: epochStart + grace, block }))
            const lastNeeded = (below - 1) * epochSize + grace + 21 + confirmations // of epoch below - 1, which ends at this start
            if (below > 0) expect(block).to.be.greaterThan(lastNeeded)
          }
        }
      )
    )
  })
})
