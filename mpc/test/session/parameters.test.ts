import { expect } from 'chai'
import { Cluster } from '../../harness/cluster.ts'
import { checkNetwork } from '../../src/plan/network.ts'
import { memoryChannels } from '../../src/session/memory-channel.ts'
import { DEFAULT_PRIME, FAST_PRIME, Field } from '../../src/field/field.ts'
import { agreeOnKeys, type PartyKeys } from '../../src/session/keys.ts'
import { Party, type PartyOptions } from '../../src/session/party.ts'

describe('mpc/parameters', () => {
  const keys = new Map<string, PartyKeys>()
  let sessions = 0
  before(async () => {
    for (const [n, t] of [
      [3, 1],
      [5, 2]
    ] as const) {
      const [first] = await Promise.all(memoryChannels(n).map(c => agreeOnKeys(c, t, 'test', { timeoutMs: 10_000 })))
      keys.set(`${n}/${t}`, first!)
    }
  })
  const create = (given: Partial<PartyOptions> & { prime?: bigint }): Party => {
    const { prime = DEFAULT_PRIME, n = 3, t = 1, ...rest } = given
    const held = keys.get(`${n}/${t}`) ?? keys.get('3/1')!
    return Party.create({
      field: Field.of(prime),
      n,
      t,
      channel: memoryChannels(n)[0]!,
      keys: held,
      session: `parameters ${sessions++}`,
      ...rest
    })
  }
  const refusal = (given: Parameters<typeof create>[0]): { code: string; what: string; message: string } => {
    try {
      create(given)
    } catch (error) {
      const { facts, message } = error as { facts: { code: string; what: string }; message: string }
      return { ...facts, message }
    }
    throw new Error('The parameters were accepted.')
  }

  it('accepts what the modulus carries, up to the last bit', () => {
    create({ numbers: { wholeBits: 32, fractionBits: 32 } })
    create({ n: 5, t: 2, numbers: { wholeBits: 32, fractionBits: 32 } })
    create({ prime: FAST_PRIME, numbers: { wholeBits: 32, fractionBits: 27 } })
    create({ numbers: { wholeBits: 40, fractionBits: 40 } })
    expect(refusal({ numbers: { wholeBits: 40, fractionBits: 41 } }).what).to.equal('fractionBits')
  })

  it('refuses numbers that wrap, cannot be compared, or whose products cannot be masked', () => {
    const wraps = refusal({ numbers: { wholeBits: 50, fractionBits: 32 } })
    expect(wraps).to.include({ code: 'MPC_PARAMETERS', what: 'prime' })
    expect(wraps.message).to.equal('P has 164 bits; it needs more than 2(E+F) = 164, so that a product never wraps.')
    const narrow = refusal({ prime: 2n ** 61n - 1n, numbers: { wholeBits: 20, fractionBits: 0 } })
    expect(narrow.message).to.contain('comparing numbers of 20 bits')
    expect(refusal({ prime: FAST_PRIME, numbers: { wholeBits: 32, fractionBits: 28 } }).message).to.contain(
      'maskable bits'
    )
    expect(refusal({ n: 5, t: 2, numbers: { wholeBits: 40, fractionBits: 40 } }).what).to.equal('fractionBits')
    create({ numbers: { wholeBits: 40, fractionBits: 40 } })
  })

  it('refuses numbers of nodes without an honest majority, thin margins and formats that are none', () => {
    expect(refusal({ n: 4, t: 2 }).message).to.contain('honest majority')
    expect(refusal({ n: 3, t: 0 }).code).to.equal('MPC_PARAMETERS')
    expect(refusal({ statisticalBits: 39 }).what).to.equal('statisticalBits')
    expect(refusal({ numbers: { wholeBits: 1, fractionBits: 0 } }).what).to.equal('wholeBits')
    expect(refusal({ numbers: { wholeBits: 16.5, fractionBits: 0 } }).what).to.equal('wholeBits')
    expect(refusal({ numbers: { wholeBits: 16, fractionBits: -1 } }).what).to.equal('fractionBits')
  })

  it('gives nodes that declare different formats nothing in common', () => {
    const one = create({ numbers: { wholeBits: 32, fractionBits: 16 } })
    const other = create({ numbers: { wholeBits: 16, fractionBits: 32 } })
    expect(one.id).to.not.equal(other.id)
  })

  it('says the same of a network before there is a session', () => {
    const shape = { prime: DEFAULT_PRIME, n: 3, t: 1, wholeBits: 32, fractionBits: 16 }
    checkNetwork(shape)
    const said = (change: Partial<typeof shape>): string => {
      try {
        checkNetwork({ ...shape, ...change })
      } catch (error) {
        expect((error as { code: string }).code).to.equal('MPC_PARAMETERS')
        return (error as Error).message
      }
      throw new Error('The network was accepted.')
    }
    expect(said({ wholeBits: 50, fractionBits: 32 })).to.equal(
      refusal({ numbers: { wholeBits: 50, fractionBits: 32 } }).message
    )
    expect(said({ t: 2 })).to.contain('honest majority')
    expect(said({ n: 16, t: 7 })).to.contain('shared keys')
    expect(said({ prime: 15n })).to.be.a('string')
    expect(said({ wholeBits: 20, fractionBits: 60 })).to.contain('maskable bits')
  })

  it('starts no cluster of processes with numbers that do not fit', async () => {
    const started = Cluster.start({
      programs: new URL('../../harness/test-programs.ts', import.meta.url),
      numbers: { wholeBits: 60, fractionBits: 30 }
    })
    const code = await started.then(
      cluster => cluster.stop().then(() => 'started'),
      (error: { code: string }) => error.code
    )
    expect(code).to.equal('MPC_PARAMETERS')
  })
})
