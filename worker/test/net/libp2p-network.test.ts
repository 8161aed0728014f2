import { expect } from 'chai'
import { PeerProtocol, PrincipalMethod, signDigest, utf8 } from '@enigma/protocol'
import { readConfig } from '../../src/config.ts'
import { decidingCode } from '../../src/net/errors.ts'
import { PROTOCOL_RULES } from '../../src/net/limits.ts'
import { netLimitsOf } from '../../src/roles/node.ts'
import { MemoryChain, addressOf, keyOf } from '../memory-chain.ts'
import { PRINCIPAL, Running, makeNetwork, seesAll, until } from './network-kit.ts'

const codeOf = async (promise: Promise<unknown>): Promise<string> => promise.then(() => 'none', decidingCode)

describe('net/libp2p-network', () => {
  const running = new Running()
  let chain: MemoryChain

  beforeEach(() => {
    chain = new MemoryChain()
    for (const name of ['alice', 'bob', 'carol']) chain.register(name)
  })
  afterEach(() => running.stop())

  it('verifies workers and the principal against the chain, and answers their requests', async () => {
    const principal = await makeNetwork(chain, 'principal', { role: 'principal' })
    principal.handle(PeerProtocol.principal, {
      0: (payload, from) => Promise.resolve(utf8(`${from.role} ${from.operator} ${payload.length}`))
    })
    await running.start(principal)
    const alice = await running.start(await makeNetwork(chain, 'alice', { bootstrap: principal.multiaddrs() }))
    await until('both verified', () => seesAll(alice, 1)() && seesAll(principal, 1)())

    expect(alice.peers()[0]).to.include({ role: 'principal', ...PRINCIPAL, peerId: principal.peerId })
    expect(principal.peers()[0]).to.include({ role: 'worker', signer: addressOf('alice enclave') })
    const answer = await alice.request(alice.peers()[0]!, PeerProtocol.principal, 0, new Uint8Array(3))
    expect(new TextDecoder().decode(answer)).to.equal(`worker ${addressOf('alice')} 3`)
  })

  it('carries codes of failures across, and nothing of errors that nobody threw on purpose', async () => {
    const alice = await makeNetwork(chain, 'alice')
    alice.handle(PeerProtocol.delta, {
      0: () => Promise.reject(new Error('secret: 42')),
      1: () => Promise.reject(Object.assign(new Error('x'), { code: 'NOT_OURS' }))
    })
    await running.start(alice)
    const bob = await running.start(await makeNetwork(chain, 'bob', { bootstrap: alice.multiaddrs() }))
    await until('verified', seesAll(bob, 1))
    const ask = (method: number): Promise<Uint8Array> =>
      bob.request(alice, PeerProtocol.delta, method, new Uint8Array())

    const failure = (await ask(0).catch((err: unknown) => err)) as Error
    expect(decidingCode(failure)).to.equal('INTERNAL')
    expect(failure.message).not.to.contain('42')
    expect(await codeOf(ask(1))).to.equal('INTERNAL')
    expect(await codeOf(ask(7))).to.equal('PEER_UNKNOWN_METHOD')
  })

  it('finds the others through one it knows', async () => {
    const alice = await running.start(await makeNetwork(chain, 'alice'))
    const bootstrap = alice.multiaddrs()
    const bob = await running.start(await makeNetwork(chain, 'bob', { bootstrap }))
    const carol = await running.start(await makeNetwork(chain, 'carol', { bootstrap }))
    for (const node of [alice, bob, carol]) await until('everybody sees two', seesAll(node, 2))
  })

  it('asks again who did not know it yet when it asked first', async () => {
    const slow = { limits: { findPeersEveryMs: 60_000 } }
    const alice = await running.start(await makeNetwork(chain, 'alice', slow))
    const bootstrap = alice.multiaddrs()
    const bob = await running.start(await makeNetwork(chain, 'bob', { bootstrap, ...slow }))
    await until('alice and bob', seesAll(bob, 1))
    const dave = await running.start(await makeNetwork(chain, 'dave', { bootstrap, ...slow }))
    await until('dave knows alice', seesAll(dave, 1))
    chain.register('dave')
    await until('dave found bob', () => seesAll(dave, 2)() && seesAll(bob, 2)())
  })

  it('connects when the bootstrap node starts later, and again when it comes back', async () => {
    const first = await makeNetwork(chain, 'alice')
    await first.start()
    const bootstrap = first.multiaddrs().map(address => address.replace(/\/p2p\/.*/, ''))
    await first.stop()

    const bob = await running.start(await makeNetwork(chain, 'bob', { bootstrap }))
    await new Promise(resolve => setTimeout(resolve, 150)) // some attempts that must fail
    expect(bob.peers()).to.be.empty
    const second = await makeNetwork(chain, 'alice', { listen: bootstrap })
    await second.start()
    await until('found late', seesAll(bob, 1))
    await second.stop()
    await until('gone', seesAll(bob, 0))
    const third = await running.start(await makeNetwork(chain, 'alice', { listen: bootstrap }))
    await until('found again', () => bob.peers()[0]?.peerId === third.peerId)
  })

  it('answers a stranger nothing but hello, until it registers', async () => {
    const alice = await makeNetwork(chain, 'alice')
    let served = 0
    alice.handle(PeerProtocol.delta, { 0: () => Promise.resolve(Uint8Array.of(++served)) })
    await running.start(alice)
    const dave = await running.start(await makeNetwork(chain, 'dave', { bootstrap: alice.multiaddrs() }))
    await until('dave knows alice', seesAll(dave, 1))

    const ask = (): Promise<Uint8Array> => dave.request(alice, PeerProtocol.delta, 0, new Uint8Array())
    expect(await codeOf(ask())).to.equal('PEER_NOT_VERIFIED')
    expect(await codeOf(dave.request(alice, PeerProtocol.findPeers, 0, new Uint8Array()))).to.equal('PEER_NOT_VERIFIED')
    expect(served).to.equal(0)
    expect(alice.peers()).to.be.empty

    chain.register('dave')
    await until('alice knows dave', seesAll(alice, 1))
    expect([...(await ask())]).to.deep.equal([1])

    chain.unregister('dave')
    expect(await codeOf(ask())).to.equal('PEER_NOT_VERIFIED')
  })

  it('refuses a hello that another operator signed, or that was made for another peer id', async () => {
    const alice = await running.start(await makeNetwork(chain, 'alice'))
    const bootstrap = alice.multiaddrs()
    // Mallory claims to be Bob, with her own signature.
    const self = {
      domain: chain.facts,
      role: 'worker' as const,
      operator: addressOf('bob'),
      signer: () => addressOf('bob enclave')
    }
    const forger = await makeNetwork(chain, 'mallory', {
      bootstrap,
      self: { ...self, sign: digest => signDigest(digest, keyOf('mallory')) }
    })
    // She has seen a hello of Bob's and replays its signature under her own peer id.
    let heard: Uint8Array | undefined
    const bob = await makeNetwork(chain, 'bob', {
      self: { ...self, sign: digest => (heard = signDigest(digest, keyOf('bob'))) },
      bootstrap
    })
    await bob.start()
    await until('bob verified', seesAll(alice, 1))
    await bob.stop()
    await until('bob gone', seesAll(alice, 0))
    const replayer = await makeNetwork(chain, 'mallory', { bootstrap, self: { ...self, sign: () => heard! } })

    for (const attacker of [forger, replayer]) {
      await running.start(attacker)
      await new Promise(resolve => setTimeout(resolve, 400))
      expect(alice.peers()).to.be.empty
      expect(attacker.peers()).to.be.empty
    }
  })

  it('refuses a worker of another contract, a worker that claims to be the principal, and an enclave that is not its own', async () => {
    const alice = await running.start(await makeNetwork(chain, 'alice'))
    const bootstrap = alice.multiaddrs()
    const elsewhere = new MemoryChain({ enigma: addressOf('another enigma') })
    elsewhere.register('bob')
    elsewhere.register('alice')
    const foreign = await running.start(await makeNetwork(elsewhere, 'bob', { bootstrap }))
    await running.start(await makeNetwork(chain, 'bob', { bootstrap, role: 'principal', enclave: 'principal enclave' }))
    await running.start(await makeNetwork(chain, 'bob', { bootstrap, enclave: 'carol enclave' }))
    await running.start(await makeNetwork(chain, 'bob', { bootstrap, role: 'bootstrap' }))
    await new Promise(resolve => setTimeout(resolve, 500))
    expect(alice.peers()).to.be.empty
    expect(foreign.peers()).to.be.empty
  })

  it('serves each protocol to its roles only', async () => {
    const alice = await makeNetwork(chain, 'alice')
    alice.handle(PeerProtocol.taskRelay, { 0: () => Promise.resolve(new Uint8Array()) })
    await running.start(alice)
    const bootstrap = alice.multiaddrs()
    const principal = await running.start(await makeNetwork(chain, 'principal', { role: 'principal', bootstrap }))
    await until('verified', seesAll(principal, 1))
    const asked = principal.request(alice, PeerProtocol.taskRelay, 0, new Uint8Array())
    expect(await codeOf(asked)).to.equal('PEER_NOT_ALLOWED')
  })

  it('gives up on a peer that does not answer, and on one that is asked too often', async () => {
    const alice = await makeNetwork(chain, 'alice')
    alice.handle(PeerProtocol.findPeers, { 0: () => Promise.resolve(new Uint8Array()) })
    alice.handle(PeerProtocol.delta, { 0: () => new Promise(() => {}) })
    await running.start(alice)
    const bob = await running.start(await makeNetwork(chain, 'bob', { bootstrap: alice.multiaddrs() }))
    await until('verified', seesAll(bob, 1))

    const silent = bob.request(alice, PeerProtocol.delta, 0, new Uint8Array(), { timeoutMs: 100 })
    expect(await codeOf(silent)).to.equal('PEER_TIMEOUT')
    const aborted = bob.request(alice, PeerProtocol.delta, 0, new Uint8Array(), { signal: AbortSignal.abort('enough') })
    expect(((await aborted.catch((err: unknown) => err)) as Error).message).to.equal('enough')

    const codes = []
    for (let i = 0; i < 12; i++)
      codes.push(await codeOf(bob.request(alice, PeerProtocol.findPeers, 0, new Uint8Array())))
    expect(codes.slice(0, 3)).to.deep.equal(['none', 'none', 'none'])
    expect(codes.at(-1)).to.equal('PEER_BUSY')
  })

  it('counts each method of a protocol by itself: one asked too often does not use up the others', async () => {
    const alice = await makeNetwork(chain, 'alice')
    const served = [0, 0]
    const count = (method: 0 | 1) => () => Promise.resolve(Uint8Array.of((served[method]! += 1) & 0xff))
    alice.handle(PeerProtocol.principal, { [PrincipalMethod.info]: count(0), [PrincipalMethod.chainView]: count(1) })
    await running.start(alice)
    const bob = await running.start(await makeNetwork(chain, 'bob', { bootstrap: alice.multiaddrs() }))
    await until('verified', seesAll(bob, 1))
    const ask = (method: number): Promise<string> =>
      codeOf(bob.request(alice, PeerProtocol.principal, method, new Uint8Array()))

    const { burst } = PROTOCOL_RULES[PeerProtocol.principal].methods![PrincipalMethod.info]!
    const codes: string[] = []
    for (let i = 0; i < 2 * burst; i++) codes.push(await ask(PrincipalMethod.info))
    expect(codes.slice(0, burst)).to.not.include('PEER_BUSY')
    expect(codes.filter(code => code === 'PEER_BUSY').length).to.be.greaterThan(0)
    expect(served[0]).to.equal(codes.filter(code => code === 'none').length)
    for (let i = 0; i < burst; i++) expect(await ask(PrincipalMethod.chainView)).to.equal('none')
    expect(served[1]).to.equal(burst)
    expect(await ask(77)).to.equal('PEER_UNKNOWN_METHOD')
  })

  it('holds as many peers, and as many streams of one, as the settings say', async () => {
    const needed = ['--enigma', addressOf('enigma'), '--operator-key-file', 'key']
    const config = readConfig([...needed, '--max-peers', '4', '--max-streams', '2'], {})
    const names = ['dave', 'erin', 'frank', 'grace', 'heidi', 'ivan']
    for (const name of names) chain.register(name)
    const alice = await makeNetwork(chain, 'alice', { limits: netLimitsOf(config) })
    let open = 0
    let most = 0
    const release = Promise.withResolvers<void>()
    alice.handle(PeerProtocol.delta, {
      0: async () => {
        most = Math.max(most, (open += 1))
        await release.promise
        open -= 1
        return new Uint8Array()
      }
    })
    await running.start(alice)
    const bootstrap = alice.multiaddrs()
    const others = []
    for (const name of names)
      others.push(await running.start(await makeNetwork(chain, name, { bootstrap, limits: { wantedPeers: 1 } })))
    await until('the room is taken', seesAll(alice, 4))
    await new Promise(resolve => setTimeout(resolve, 500)) // the others go on dialling
    expect(alice.peers()).to.have.lengthOf(4)
    const peer = others.find(other => alice.peers().some(({ peerId }) => peerId === other.peerId))!
    await until('it knows alice', () => peer.peers().some(({ peerId }) => peerId === alice.peerId))
    const asked = Array.from({ length: 6 }, () => codeOf(peer.request(alice, PeerProtocol.delta, 0, new Uint8Array(), { timeoutMs: 1_500 }))) // prettier-ignore
    await until('two are under way', () => open === 2)
    await new Promise(resolve => setTimeout(resolve, 200))
    release.resolve()
    const codes = await Promise.all(asked)
    expect(most).to.equal(2)
    expect(codes.filter(code => code === 'none').length).to.be.at.least(2)
  })

  it('sends a stranger away that waits too long to be verified; it comes again, and is one of them once it is registered', async () => {
    const alice = await makeNetwork(chain, 'alice', { limits: { strangerMs: 300 } })
    alice.judgeGossip(() => Promise.resolve('accept'))
    await running.start(alice)
    const dave = await makeNetwork(chain, 'dave', { bootstrap: alice.multiaddrs() })
    dave.judgeGossip(() => Promise.resolve('accept'))
    await running.start(dave)
    await until('dave met alice', seesAll(dave, 1))
    await until('dave is sent away', seesAll(dave, 0))
    await until('dave is back', seesAll(dave, 1))
    chain.register('dave')
    await until('alice knows dave', seesAll(alice, 1))
    await until('gossip has found dave', () => alice.listeners() === 1)
    await new Promise(resolve => setTimeout(resolve, 600))
    expect(alice.peers()).to.have.lengthOf(1)
    expect(dave.peers()).to.have.lengthOf(1)
  })

  it('keeps one session of an operator: the newest', async () => {
    const alice = await running.start(await makeNetwork(chain, 'alice'))
    const bootstrap = alice.multiaddrs()
    await running.start(await makeNetwork(chain, 'bob', { bootstrap }))
    await until('first', seesAll(alice, 1))
    const first = alice.peers()[0]!.peerId
    await running.start(await makeNetwork(chain, 'bob', { bootstrap }))
    await until('second', () => alice.peers()[0] !== undefined && alice.peers()[0]!.peerId !== first)
    expect(alice.peers()).to.have.lengthOf(1)
  })

  it('says which address it cannot listen on', async () => {
    const alice = await running.start(await makeNetwork(chain, 'alice'))
    const taken = alice.multiaddrs().map(address => address.replace(/\/p2p\/.*/, ''))
    const bob = await makeNetwork(chain, 'bob', { listen: taken })
    expect(await codeOf(bob.start())).to.equal('NET_ADDRESS')
    expect(await codeOf(makeNetwork(chain, 'bob', { bootstrap: ['localhost:1234'] }))).to.equal('NET_ADDRESS')
  })
})
