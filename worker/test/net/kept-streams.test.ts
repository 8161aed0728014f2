import { expect } from 'chai'
import type { Stream } from '@libp2p/interface'
import { streamPair } from '@libp2p/utils'
import { PeerProtocol, utf8 } from '@enigma/protocol'
import { answerEachOn } from '../../src/net/frames.ts'
import { KeptStreams } from '../../src/net/kept-streams.ts'
import { MemoryChain } from '../memory-chain.ts'
import { Running, makeNetwork, seesAll, until } from './network-kit.ts'

const soon = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))
const inTime = (ms = 5_000): AbortSignal => AbortSignal.timeout(ms)

describe('net, streams that are kept', () => {
  let inbound: Stream[]
  let outbound: Stream[]
  let atOnce: number
  let mostAtOnce: number

  /** Asks an end that answers with the question, after `pauseMs`. */
  function kept({ pauseMs = 0, idleMs = 60_000, most = 6 } = {}): KeptStreams {
    inbound = []
    outbound = []
    atOnce = mostAtOnce = 0
    return new KeptStreams({
      maxResponseBytes: 64,
      most,
      idleMs,
      async open() {
        const [out, into] = await streamPair()
        outbound.push(out)
        inbound.push(into)
        const limits = { maxRequestBytes: 64, requestMs: 5_000, idleMs: 60_000 }
        void answerEachOn(into, limits, async read => {
          const bytes = await read()
          mostAtOnce = Math.max(mostAtOnce, ++atOnce)
          await soon(pauseMs)
          atOnce -= 1
          return { bytes }
        }).catch(() => undefined)
        return out
      }
    })
  }
  const ask = async (streams: KeptStreams, text: string, signal = inTime()): Promise<string> =>
    new TextDecoder().decode(await streams.ask(utf8(text), signal))

  afterEach(() => {
    for (const stream of [...inbound, ...outbound]) stream.abort(new Error('the test is over'))
  })

  it('carry one request after the other', async () => {
    const streams = kept()
    for (let i = 0; i < 20; i++) expect(await ask(streams, `question ${i}`)).to.equal(`question ${i}`)
    expect(outbound).to.have.lengthOf(1)
  })

  it('let requests beyond their number wait, and give each its own answer', async () => {
    const streams = kept({ pauseMs: 5, most: 3 })
    const texts = Array.from({ length: 20 }, (_, i) => `question ${i}`)
    expect(await Promise.all(texts.map(text => ask(streams, text)))).to.deep.equal(texts)
    expect(mostAtOnce).to.equal(3)
    expect(outbound).to.have.lengthOf(3)
  })

  for (const [how, end] of [
    ['closed', (stream: Stream) => stream.close({ signal: inTime() })],
    ['broke', (stream: Stream) => Promise.resolve(stream.abort(new Error('no')))]
  ] as const) {
    it(`are replaced when the other end ${how} them`, async () => {
      const streams = kept()
      expect(await ask(streams, 'one')).to.equal('one')
      await end(inbound[0]!)
      expect(await ask(streams, 'two')).to.equal('two')
      expect(await ask(streams, 'three')).to.equal('three')
      expect(outbound).to.have.lengthOf(2)
    })
  }

  it('end when nobody uses them', async () => {
    const streams = kept({ idleMs: 30 })
    expect(await ask(streams, 'one')).to.equal('one')
    await until('both ends closed', () => outbound[0]!.status === 'closed' && inbound[0]!.status === 'closed')
    expect(await ask(streams, 'two')).to.equal('two')
    expect(outbound).to.have.lengthOf(2)
  })

  it('give a request that waits for its turn no more time than it has, and the turn to the next', async () => {
    const streams = kept({ pauseMs: 300, most: 1 })
    const first = ask(streams, 'first')
    const late = ask(streams, 'late', inTime(50)).then(
      () => 'answered',
      () => 'late'
    )
    const second = ask(streams, 'second')
    expect(await late).to.equal('late')
    expect(await Promise.all([first, second])).to.deep.equal(['first', 'second'])
  })

  it('are not used again once a request on them was given up', async () => {
    const streams = kept({ pauseMs: 200, most: 1 })
    const late = ask(streams, 'late', inTime(50)).catch(() => 'given up')
    expect(await late).to.equal('given up')
    expect(await ask(streams, 'next')).to.equal('next') // and not the answer to the former
    expect(outbound).to.have.lengthOf(2)
  })
})

describe('net, many requests at once', () => {
  const running = new Running()
  afterEach(() => running.stop())

  it('answers more than a peer may have streams', async () => {
    const chain = new MemoryChain()
    for (const name of ['alice', 'bob']) chain.register(name)
    const alice = await makeNetwork(chain, 'alice')
    alice.handle(PeerProtocol.delta, {
      0: async payload => {
        await soon(20)
        return payload
      }
    })
    await running.start(alice)
    const bob = await running.start(await makeNetwork(chain, 'bob', { bootstrap: alice.multiaddrs() }))
    await until('verified', () => seesAll(bob, 1)() && seesAll(alice, 1)())
    const texts = Array.from({ length: 60 }, (_, i) => `question ${i}`)
    const answers = await Promise.all(texts.map(text => bob.request(alice, PeerProtocol.delta, 0, utf8(text))))
    expect(answers.map(answer => new TextDecoder().decode(answer))).to.deep.equal(texts)
  })
})
