import { expect } from 'chai'
import { address, openForMpc, x25519Pair, type MpcOffer } from '@enigma/protocol'
import { combine, decode, DEFAULT_PRIME, expand, Field } from '@enigma/mpc/client'
import { startHost, temporaryFolder, type HostedEnclave } from '../support/host.ts'
import { localEnclave, refusal } from '../support/local.ts'
import { startPrincipal, startWorker, type Member } from '../support/network.ts'
import { connectAll, freshSession, handOver, openRequest, sealedInput, Wire } from './network.ts'

const prime = DEFAULT_PRIME
const field = Field.of(prime)
const sharing = { prime, n: 3, t: 1 }

describe('a party of the MPC engine in the enclave', function () {
  this.timeout(90_000)
  const cleanups: (() => unknown)[] = []
  let principal: Member<HostedEnclave>
  let nodes: Member<HostedEnclave>[]

  async function host(): Promise<HostedEnclave> {
    const folder = temporaryFolder()
    cleanups.push(folder.remove)
    const started = await startHost({ sealedFolder: folder.path, timeoutMs: 60_000 })
    cleanups.push(() => started.stop())
    return started
  }
  before(async () => {
    principal = await startPrincipal(await host())
    nodes = []
    for (const digit of ['1', '2', '3']) {
      nodes.push(await startWorker(await host(), principal, address(`0x${digit.repeat(40)}`)))
    }
  })
  after(async () => {
    for (const clean of cleanups.splice(0).reverse()) await clean()
  })

  const enclaves = (): HostedEnclave[] => nodes.map(({ enclave }) => enclave)
  const offersFor = (session: ReturnType<typeof freshSession>): Promise<MpcOffer[]> =>
    Promise.all(enclaves().map(enclave => enclave.call('mpcOffer', { session, nonce: 7 })))
  const close = (session: ReturnType<typeof freshSession>): Promise<unknown> =>
    Promise.all(enclaves().map(enclave => enclave.call('mpcClose', { session })))

  /** A session of all nodes, open. */
  async function openedSession(): Promise<ReturnType<typeof freshSession>> {
    const wire = new Wire()
    cleanups.push(() => wire.close())
    const session = freshSession()
    const offers = await offersFor(session)
    await connectAll(wire, session, enclaves())
    await Promise.all(enclaves().map(enclave => enclave.call('mpcOpen', openRequest({ session, offers }, prime))))
    return session
  }

  it('computes a product and a mean in three enclave processes over handed sockets; their hosts see ciphertext only', async () => {
    const wire = new Wire()
    cleanups.push(() => wire.close())
    const session = freshSession()
    const offers = await offersFor(session)
    await connectAll(wire, session, enclaves())
    const opened = await Promise.all(
      enclaves().map(enclave => enclave.call('mpcOpen', openRequest({ session, offers }, prime)))
    )
    expect(opened.map(({ index }) => index)).to.deep.equal([0, 1, 2])

    const reader = x25519Pair()
    const allowed = { prime, recipient: reader.publicKey, operations: ['product', 'mean'] }
    const x = [1.5, -20, 3.25, 100_000]
    const y = [4, 0.125, -8, 2]
    const secrets: Uint8Array[] = []
    for (const [name, values] of Object.entries({ x, y })) {
      const { sealed, plain } = sealedInput(nodes, session, name, values, allowed)
      secrets.push(...plain, field.toBytes(field.from(values.map(v => BigInt(Math.round(v * 2 ** 16))))))
      await Promise.all(
        enclaves().map((enclave, i) =>
          enclave.call('mpcInput', { session, name, magnitude: 20, fraction: 16, sealed: sealed[i]! })
        )
      )
      // what a seed stands for must not appear either
      plain.forEach((body, i) => {
        if (body.length === 32) secrets.push(field.toBytes(expand(field, { kind: 'seed', seed: plain[i]!, count: 4 })))
      })
    }
    const compute = async (operation: string, inputs: string[]): Promise<number[]> => {
      const answers = await Promise.all(
        enclaves().map(enclave =>
          enclave.call('mpcCompute', { session, operation, inputs, recipient: reader.publicKey })
        )
      )
      const rows = answers.map(({ sealed }, index) => {
        const purpose = { label: 'result', session, node: nodes[index]!.info.signer, name: operation } as const
        const shares = openForMpc(reader, purpose, sealed)
        secrets.push(shares)
        return { index, shares: field.fromBytes(shares.slice()) }
      })
      return decode(field, combine(rows, sharing).values, answers[0]!.fraction)
    }
    const product = await compute('product', ['x', 'y'])
    product.forEach((v, i) => expect(v).to.be.closeTo(x[i]! * y[i]!, 3 * 2 ** -16))
    const [mean] = await compute('mean', ['x'])
    expect(mean).to.be.closeTo(x.reduce((s, v) => s + v, 0) / 4, 3 * 2 ** -16)
    await close(session)

    // everything a host could see: its links, and what its enclave answered and wrote
    const seen = Buffer.concat([wire.bytes, ...enclaves().map(enclave => enclave.received())])
    const words = enclaves()
      .map(enclave => enclave.output())
      .join('')
    expect(wire.bytes.length).to.be.above(50_000)
    for (const secret of secrets) {
      for (let at = 0; at + 8 <= secret.length; at += 4) {
        const part = Buffer.from(secret.subarray(at, at + 8))
        if (new Set(part).size < 5) continue
        expect(seen.includes(part), 'bytes of a share or secret').to.equal(false)
        expect(words.includes(part.toString('hex'))).to.equal(false)
      }
    }
  })

  it('lets an input enter nothing but what its owner allows, for nobody but whom the owner names', async () => {
    const session = await openedSession()
    const [reader, thief] = [x25519Pair(), x25519Pair()]
    const { sealed } = sealedInput(nodes, session, 'x', [5], {
      prime,
      recipient: reader.publicKey,
      operations: ['sum']
    })
    const put = (i: number, name: string, bytes: Uint8Array): Promise<unknown> =>
      enclaves()[i]!.call('mpcInput', { session, name, magnitude: 20, fraction: 16, sealed: bytes })
    // for another enclave, or under another name, it does not open
    expect(await refusal(put(0, 'x', sealed[1]!))).to.equal('PROTOCOL_DECRYPT')
    expect(await refusal(put(0, 'y', sealed[0]!))).to.equal('PROTOCOL_DECRYPT')
    await Promise.all(sealed.map((bytes, i) => put(i, 'x', bytes)))
    const ask = (operation: string, recipient = reader.publicKey): Promise<string> =>
      refusal(enclaves()[0]!.call('mpcCompute', { session, operation, inputs: ['x'], recipient }))
    expect(await ask('max')).to.equal('ENCLAVE_MPC_REFUSED')
    expect(await ask('sum', thief.publicKey)).to.equal('ENCLAVE_MPC_REFUSED')
    expect(await ask('reveal')).to.equal('ENCLAVE_BAD_REQUEST')
    expect(await ask('constructor')).to.equal('ENCLAVE_BAD_REQUEST')
    await close(session)
    expect(await ask('sum')).to.equal('ENCLAVE_MPC_UNKNOWN')
  })

  it('opens a session with attested enclaves of its network only, and each offer once', async () => {
    const session = freshSession()
    const offers = await offersFor(session)
    const [first] = enclaves() as [HostedEnclave]
    const open = (changed: readonly MpcOffer[], name = session): Promise<string> =>
      refusal(first.call('mpcOpen', openRequest({ session: name, offers: changed }, prime, 300)))
    const alter = (change: (offer: MpcOffer) => MpcOffer): MpcOffer[] => [offers[0]!, change(offers[1]!), offers[2]!]
    const other = x25519Pair().publicKey
    // a host's own key in place of the enclave's; evidence of another measurement; a node twice; another session's offer
    expect(await open(alter(offer => ({ ...offer, key: other })))).to.equal('ENCLAVE_MPC_REFUSED')
    const report = (offer: MpcOffer, change: object): MpcOffer => ({
      ...offer,
      attested: { ...offer.attested, report: { ...offer.attested.report, ...change } }
    })
    expect(await open(alter(offer => report(offer, { transportKey: other })))).to.equal('ENCLAVE_MPC_REFUSED')
    expect(await open(alter(offer => report(offer, { chainId: 5n })))).to.equal('ENCLAVE_MPC_REFUSED')
    expect(await open(alter(() => offers[2]!))).to.equal('ENCLAVE_MPC_REFUSED')
    const foreign = await localEnclave()
    const stranger = await startWorker(foreign, await startPrincipal(await localEnclave()))
    const strange = await stranger.enclave.call('mpcOffer', { session, nonce: 7 })
    expect(await open(alter(() => strange))).to.equal('ENCLAVE_MPC_REFUSED')
    expect(await open(offers.slice(1))).to.equal('ENCLAVE_MPC_REFUSED')
    expect(await open(await offersFor(freshSession()))).to.equal('ENCLAVE_MPC_REFUSED')
    // nobody brings sockets; the offer is used up all the same
    expect(await open(offers)).to.equal('ENCLAVE_MPC_REFUSED')
    expect(await open(offers)).to.equal('ENCLAVE_MPC_UNKNOWN')
    expect(await refusal(first.call('mpcOffer', { session, nonce: 7 }))).to.equal('ENCLAVE_MPC_REFUSED')
  })

  it('lets no host in the middle of a link, nor nodes that were told different sessions', async () => {
    const session = freshSession()
    const offers = await offersFor(session)
    const wire = new Wire()
    cleanups.push(() => wire.close())
    await connectAll(wire, session, enclaves())
    // the host of node 2 changes the order of nodes: its enclave derives other keys, and no record of it authenticates
    const swapped = [offers[1]!, offers[0]!, offers[2]!]
    const codes = await Promise.all(
      enclaves().map((enclave, i) =>
        refusal(enclave.call('mpcOpen', openRequest({ session, offers: i === 2 ? swapped : offers }, prime, 2_000)))
      )
    )
    for (const code of codes) expect(code).to.match(/^(MPC_LINK|MPC_TIMEOUT|ENCLAVE_MPC_REFUSED)$/)
    await close(session)
  })

  it('refuses numbers that the modulus cannot carry with a sentence, before the offer is used up', async () => {
    const session = freshSession()
    const offers = await offersFor(session)
    const [first] = enclaves() as [HostedEnclave]
    const open = (change: object): Promise<unknown> =>
      first.call('mpcOpen', { ...openRequest({ session, offers }, prime, 300), ...change })
    const said = async (change: object): Promise<{ code: string; message: string }> => {
      try {
        await open(change)
      } catch (error) {
        const { code, message } = error as { code: string; message: string }
        return { code, message }
      }
      throw new Error('The session was opened.')
    }
    const wraps = await said({ wholeBits: 60, fractionBits: 30 })
    expect(wraps.code).to.equal('MPC_PARAMETERS')
    expect(wraps.message).to.contain('P has 164 bits; it needs more than 2(E+F) = 180')
    expect(await said({ wholeBits: 20, fractionBits: 60 })).to.include({ code: 'MPC_PARAMETERS' })
    expect((await said({ wholeBits: 1, fractionBits: 0 })).message).to.contain('E = 1')
    expect((await said({ degree: 2 })).message).to.contain('no honest majority')
    expect((await said({ prime: (2n ** 61n - 1n).toString(16) })).message).to.contain('P has 61 bits')
    // the offer is still good, for a session that fits: only its sockets are missing
    expect(await refusal(open({}))).to.equal('ENCLAVE_MPC_REFUSED')
    expect(await refusal(open({}))).to.equal('ENCLAVE_MPC_UNKNOWN')
  })

  it('gives nodes that were told different numbers nothing in common', async () => {
    for (const change of [{ wholeBits: 22 }, { fractionBits: 15 }]) {
      const session = freshSession()
      const offers = await offersFor(session)
      const wire = new Wire()
      cleanups.push(() => wire.close())
      await connectAll(wire, session, enclaves())
      const codes = await Promise.all(
        enclaves().map((enclave, i) => {
          const request = openRequest({ session, offers }, prime, 2_000)
          return refusal(enclave.call('mpcOpen', i === 2 ? { ...request, ...change } : request))
        })
      )
      for (const code of codes) expect(code).to.match(/^(MPC_LINK|MPC_TIMEOUT|ENCLAVE_MPC_REFUSED)$/)
      await close(session)
    }
  })

  it('refuses inputs that declare more than the numbers of their session', async () => {
    const session = await openedSession()
    const allowed = { prime, recipient: x25519Pair().publicKey, operations: ['sum'] }
    const { sealed } = sealedInput(nodes, session, 'x', [5], allowed)
    for (const bounds of [
      { magnitude: 21, fraction: 16 },
      { magnitude: 20, fraction: 17 }
    ]) {
      const put = enclaves()[0]!.call('mpcInput', { session, name: 'x', sealed: sealed[0]!, ...bounds })
      expect(await refusal(put)).to.equal('ENCLAVE_MPC_REFUSED')
    }
    await close(session)
  })

  it('ends the opening of a session that is closed meanwhile, whatever it waits for', async () => {
    const [first] = enclaves() as [HostedEnclave]
    const longer = 100_000 // than this test may take
    for (const sockets of ['none', 'one', 'all']) {
      const session = freshSession()
      const offers = await offersFor(session)
      const wire = new Wire()
      cleanups.push(() => wire.close())
      for (const peer of sockets === 'none' ? [] : sockets === 'one' ? [1] : [1, 2]) {
        const [left] = await wire.pair() // nobody answers at the other end
        handOver(first, session, peer, left)
      }
      const opening = refusal(first.call('mpcOpen', openRequest({ session, offers }, prime, longer)))
      await first.call('status', {})
      await first.call('mpcClose', { session })
      // a handed socket may come before the order to close or after it
      expect(await opening, sockets).to.match(/^(ENCLAVE_MPC_REFUSED|MPC_ABORTED)$/)
    }
    // nothing of them counts against what an enclave may hold
    const session = freshSession()
    const offers = await offersFor(session)
    const wire = new Wire()
    cleanups.push(() => wire.close())
    await connectAll(wire, session, enclaves())
    await Promise.all(enclaves().map(enclave => enclave.call('mpcOpen', openRequest({ session, offers }, prime))))
    await close(session)
  })

  it('goes on under sockets that nobody asked for, and under messages that are none', async () => {
    const wire = new Wire()
    cleanups.push(() => wire.close())
    const [first] = enclaves() as [HostedEnclave]
    const session = freshSession()
    for (let i = 0; i < 3; i++) {
      const [left] = await wire.pair()
      handOver(first, session, 1, left) // the second and third of one name are closed
    }
    first.process.send!({ mpcLink: 'x', peer: -1 })
    first.process.send!('nonsense')
    expect((await first.call('status', {})).uptimeSeconds).to.be.at.least(0)
  })
})
