import { expect } from 'chai'
import { PeerProtocol } from '@enigma/protocol'
import { updateWindowsSparingly } from '../../src/net/window-updates.ts'
import { MemoryChain } from '../memory-chain.ts'
import { Running, makeNetwork, seesAll, until } from './network-kit.ts'

describe('net, window updates', () => {
  const running = new Running()
  afterEach(() => running.stop())

  /** A stream of the library's shape, of a window of 100 bytes. */
  function fake(state: number, recvWindowCapacity: number): { sendWindowUpdate: () => void; updates: number } {
    const stream = {
      state,
      recvWindow: 100,
      recvWindowCapacity,
      updates: 0,
      sendWindowUpdate: () => void stream.updates++
    }
    updateWindowsSparingly(stream)
    return stream
  }

  it('are sent when half a window is used, and before the stream is established', () => {
    for (const [state, capacity, wanted] of [
      [3, 100, 0],
      [3, 50, 0],
      [3, 49, 1],
      [3, 0, 1],
      [2, 100, 1],
      [1, 100, 1]
    ] as const) {
      const stream = fake(state, capacity)
      stream.sendWindowUpdate()
      expect(stream.updates, `state ${state}, ${capacity} bytes left`).to.equal(wanted)
    }
  })

  it('leave a stream of another kind as it is', () => {
    const other = { sendWindowUpdate: () => undefined } as never
    expect(() => updateWindowsSparingly(other)).not.to.throw()
  })

  it('come in time for messages much larger than a window, in both directions, many at once', async () => {
    const chain = new MemoryChain()
    for (const name of ['alice', 'bob']) chain.register(name)
    const alice = await makeNetwork(chain, 'alice')
    alice.handle(PeerProtocol.snapshot, { 0: () => Promise.resolve(new Uint8Array(900_000).fill(7)) })
    alice.handle(PeerProtocol.delta, { 0: payload => Promise.resolve(Uint8Array.of(payload.length % 251)) })
    await running.start(alice)
    const bob = await running.start(await makeNetwork(chain, 'bob', { bootstrap: alice.multiaddrs() }))
    await until('verified', () => seesAll(bob, 1)() && seesAll(alice, 1)())
    const payload = new Uint8Array(900_000).fill(1)
    const sent = await Promise.all(Array.from({ length: 8 }, () => bob.request(alice, PeerProtocol.delta, 0, payload)))
    for (const [length] of sent) expect(length).to.equal(payload.length % 251)
    const came = await Promise.all(
      Array.from({ length: 8 }, () => bob.request(alice, PeerProtocol.snapshot, 0, Uint8Array.of(1)))
    )
    for (const bytes of came) expect(bytes.length).to.equal(900_000)
  })
})
