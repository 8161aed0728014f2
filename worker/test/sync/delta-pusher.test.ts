import { expect } from 'chai'
import { DeltaMethod, deltaHashOf, deltasPush, deltasPushed, type Hash } from '@enigma/protocol'
import { NetError } from '../../src/net/errors.ts'
import type { Peer, PeerNetwork } from '../../src/net/peer-network.ts'
import { DeltaPusher } from '../../src/sync/delta-pusher.ts'
import type { ContentStore } from '../../src/sync/interfaces.ts'
import { addressOf, asScAddr, hashOf } from '../memory-chain.ts'
import { quiet, until } from '../net/network-kit.ts'
import { makeDelta } from './sync-kit.ts'

describe('sync/delta-pusher', () => {
  const C = asScAddr('contract')
  const peers = ['bob', 'carol'].map(name => ({ peerId: name, role: 'worker', operator: addressOf(name) }) as Peer)
  const made = Array.from({ length: 70 }, (_, index) => makeDelta(C, index))
  let held: (() => Promise<void>) | null
  let messages: { readonly to: string; readonly hashes: readonly Hash[] }[]
  let refused: ReadonlySet<Hash>
  let inStore: Set<number>
  let codes: number
  let pusher: DeltaPusher

  const network = {
    peers: () => peers,
    onPeer: () => () => undefined,
    async request({ peerId }: Peer, _protocol: string, method: number, payload: Uint8Array) {
      if (method === DeltaMethod.pushBytecode) {
        codes += 1
        throw new Error('refused')
      }
      expect(method).to.equal(DeltaMethod.pushDeltas)
      const hashes = deltasPush.decode(payload).deltas.map(deltaHashOf)
      messages.push({ to: peerId, hashes })
      await held?.()
      return deltasPushed.encode({ codes: hashes.map(hash => (refused.has(hash) ? 'DELTA_REFUSED' : '')) })
    }
  } as unknown as PeerNetwork
  const store = {
    getBytecode: () => Promise.resolve(Uint8Array.of(1)),
    getDelta: (_: unknown, index: number) => Promise.resolve(inStore.has(index) ? made[index]!.delta : null)
  } as unknown as ContentStore
  const push = (index: number, stored: Promise<unknown> = Promise.resolve()): Promise<number> =>
    pusher.push({ scAddr: C, index, deltaHash: made[index]!.hash }, made[index]!.delta, null, stored)

  beforeEach(() => {
    held = null
    messages = []
    codes = 0
    refused = new Set()
    inStore = new Set(made.keys())
    pusher = new DeltaPusher({ network, store, log: quiet, ackTimeoutMs: 60_000, retryMs: 5 })
  })
  afterEach(() => pusher.stop())

  it('sends what becomes ready together in one message to each worker, and tells each delta its own copies', async () => {
    refused = new Set([made[1]!.hash])
    const [first, second, third] = [0, 1, 2].map(index => push(index))
    expect(await first).to.equal(2)
    expect(await third).to.equal(2)
    expect(messages.map(({ to, hashes }) => [to, hashes.length])).to.deep.equal([
      ['bob', 3],
      ['carol', 3]
    ])
    expect(pusher.replicas(made[1]!.hash), 'the refused one').to.equal(0)
    refused = new Set()
    pusher.start() // asks again, for what was refused alone
    expect(await second).to.equal(2)
    expect(messages.slice(2).map(({ hashes }) => hashes)).to.deep.equal([[made[1]!.hash], [made[1]!.hash]])
  })

  it('has two messages under way to a worker at most, and no more than fits into one', async () => {
    const gate = Promise.withResolvers<void>()
    held = () => gate.promise
    const all: Promise<number>[] = []
    for (const index of made.keys()) {
      all.push(push(index))
      if (index < 3) await until('sent', () => messages.length === Math.min(2, index + 1) * 2)
    }
    await new Promise(done => setTimeout(done, 20))
    expect(messages.length).to.equal(4)
    gate.resolve()
    expect(new Set(await Promise.all(all))).to.deep.equal(new Set([2]))
    const toBob = messages.filter(({ to }) => to === 'bob').map(({ hashes }) => hashes.length)
    expect(toBob.sort((a, b) => a - b)).to.deep.equal([1, 1, 4, 64])
  })

  it('splits what is too large for one message', async () => {
    const large = [0, 1, 2].map(index => makeDelta(C, index, 'large', 400 * 1024))
    const all = large.map(({ delta, hash }, index) =>
      pusher.push({ scAddr: C, index, deltaHash: hash }, delta, null, new Promise(() => undefined))
    )
    expect(await Promise.all(all)).to.deep.equal([2, 2, 2])
    expect(messages.filter(({ to }) => to === 'bob').map(({ hashes }) => hashes.length)).to.deep.equal([2, 1])
  })

  it('sends a deployment alone, so that one whose code is refused holds up nothing else', async () => {
    const code = hashOf('code')
    const all = made.slice(0, 4).map(({ delta, hash }, index) => {
      const place = { scAddr: C, index, deltaHash: hash }
      return pusher.push(place, delta, index === 1 ? code : null, Promise.resolve())
    })
    expect(await Promise.all([all[0], all[2], all[3]])).to.deep.equal([2, 2, 2])
    expect(pusher.replicas(made[1]!.hash)).to.equal(0)
  })

  it('does not wait for its own disk, and lets go what its disk refused', async () => {
    inStore.clear()
    const disk = Promise.withResolvers<void>()
    expect(await push(0, disk.promise)).to.equal(2)
    disk.reject(new Error('disk full'))
    await until('forgotten', () => pusher.replicas(made[0]!.hash) === 0)
  })

  it('leaves it to one that never has it in time, or refuses its code, to fetch it: each attempt sends all of it again', async () => {
    const late = new NetError({ code: 'PEER_TIMEOUT', peerId: 'bob', limitMs: 1 }, 'late')
    held = () => Promise.reject(late)
    void push(0)
    const place = { scAddr: C, index: 1, deltaHash: made[1]!.hash }
    void pusher.push(place, made[1]!.delta, hashOf('code'), Promise.resolve()) // a deployment, whose code nobody takes
    pusher.start()
    await until('five attempts', () => messages.length >= 2 * 5)
    await new Promise(done => setTimeout(done, 100))
    expect([messages.length, codes]).to.deep.equal([2 * 5, 2 * 5])
  })

  it('goes on pushing to one that is away', async () => {
    held = () => Promise.reject(new NetError({ code: 'PEER_UNREACHABLE', peerId: 'bob' }, 'away'))
    const acks = push(0)
    pusher.start()
    await until('many attempts', () => messages.length > 2 * 8)
    held = null
    expect(await acks).to.equal(2)
  })
})
