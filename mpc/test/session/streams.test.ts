import { expect } from 'chai'
import { DEFAULT_PRIME, Field, type Vec } from '../../src/field/field.ts'
import { agreeOnKeys, type PartyKeys } from '../../src/session/keys.ts'
import { memoryChannels } from '../../src/session/memory-channel.ts'
import { Party, type PartyOptions } from '../../src/session/party.ts'
import { Shamir } from '../../src/sharing/shamir.ts'

const field = Field.of(DEFAULT_PRIME)
const agree = (epoch: string): Promise<PartyKeys[]> =>
  Promise.all(memoryChannels(3).map(channel => agreeOnKeys(channel, 1, epoch, { timeoutMs: 10_000 })))
const refusal = (act: () => unknown): unknown => {
  try {
    act()
  } catch (error) {
    return (error as { facts: unknown }).facts
  }
  return 'accepted'
}

describe('mpc/streams of masks', () => {
  let keys: PartyKeys[]
  before(async () => {
    keys = await agree('one')
  })
  const create = (index: number, session: string, options: Partial<PartyOptions> = {}): Party =>
    Party.create({
      ...{ field, n: 3, t: 1, channel: memoryChannels(3)[index]!, keys: keys[index]!, session },
      ...options
    })
  const hex = (v: Uint8Array | Vec): string => Buffer.from(v.buffer, v.byteOffset, v.byteLength).toString('hex')

  it('are given out once: a second use of one name in an operation is refused', () => {
    const op = create(0, 'twice').operation('op')
    const [set] = op.session.mySets
    op.setStream(set!.number, 'mask')
    expect(refusal(() => op.setStream(set!.number, 'mask'))).to.deep.equal({
      code: 'MPC_PARAMETERS',
      what: 'randomness'
    })
    op.pairStream(1, 'mask')
    expect(refusal(() => op.pairStream(1, 'mask'))).to.include({ what: 'randomness' })
    op.random(2)
    expect(refusal(() => op.random(2))).to.include({ what: 'randomness' })
    op.zero(2)
    expect(refusal(() => op.zero(2))).to.include({ what: 'randomness' })
    op.bounded(2, 80)
    expect(refusal(() => op.bounded(2, 80))).to.include({ what: 'randomness' })
    // under another purpose, or in another operation, they are other streams
    op.random(2, 'another')
    create(0, 'twice again').operation('op').random(2)
  })

  it('of different sessions, operations, purposes, sets and peers share no block', () => {
    const seen = new Map<string, string>()
    const note = (name: string, bytes: Uint8Array): void => {
      for (let at = 0; at < bytes.length; at += 16) {
        const block = hex(bytes.subarray(at, at + 16))
        expect(seen.get(block), `${name} draws what this drew before`).to.equal(undefined)
        seen.set(block, name)
      }
    }
    const settings: readonly [string, Partial<PartyOptions>][] = [
      ['a', {}],
      ['b', {}],
      ['a', { security: 'passive' }],
      ['a', { statisticalBits: 41 }],
      ['a', { numbers: { wholeBits: 16, fractionBits: 4 } }],
      ['a', { field: Field.of(2n ** 130n - 5n) }]
    ]
    for (const [number, [session, options]] of settings.entries()) {
      const party = create(0, session, options)
      // places in the program: siblings of one label, children, branches
      const parent = party.operation('x')
      const operations = [parent, party.operation('x'), parent.operation('x'), parent.branch('x'), party.operation('y')]
      for (const [place, op] of operations.entries()) {
        for (const purpose of ['one', 'two']) {
          const name = `${number}/${place}/${purpose}`
          for (const set of op.session.mySets)
            note(`${name}/set ${set.number}`, op.setStream(set.number, purpose)(160).slice())
          for (const peer of [1, 2]) note(`${name}/pair ${peer}`, op.pairStream(peer, purpose)(160).slice())
        }
      }
    }
    expect(seen.size).to.equal(settings.length * 5 * 2 * 4 * 10)
  })

  it('are the same at all who hold a key, in the same place of the program', () => {
    const parties = [0, 1, 2].map(index => create(index, 'same'))
    const rows = parties.map((party, index) => ({ index, shares: party.operation('x').random(20) }))
    expect(new Shamir(field, 3, 1).consistent(rows, 1)).to.equal(true)
    const others = parties.map((party, index) => ({ index, shares: party.operation('x').random(20) }))
    expect(new Shamir(field, 3, 1).interpolate(others.slice(0, 2))).to.not.deep.equal(
      new Shamir(field, 3, 1).interpolate(rows.slice(0, 2))
    )
  })

  it('begin with a session that was never there: a name is refused the second time under the same keys', async () => {
    create(0, 'payroll')
    const again = refusal(() => create(0, 'payroll'))
    expect(again).to.deep.equal({ code: 'MPC_PARAMETERS', what: 'session' })
    // what its nodes agreed on is part of the name, and so are the keys
    create(0, 'payroll', { security: 'passive' })
    expect(refusal(() => create(0, 'payroll', { security: 'passive' }))).to.include({ what: 'session' })
    create(0, 'payroll 2')
    const [fresh] = await agree('two')
    create(0, 'payroll', { keys: fresh! })
    // one that was refused for another reason took no name
    expect(refusal(() => create(0, 'late', { statisticalBits: 20 }))).to.include({ what: 'statisticalBits' })
    create(0, 'late')
  })
})
