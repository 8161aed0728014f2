import type { Libp2pNetwork } from '../../src/net/libp2p-network.ts'
import { MemoryChain } from '../memory-chain.ts'
import { Running, makeNetwork, until } from './network-kit.ts'
import { OPENINGS } from './opening-attacks.ts'

const FOREVER = 10 * 60 * 1000

describe('net/opening-guard', () => {
  const running = new Running()
  let victim: Libp2pNetwork

  beforeEach(async () => {
    const chain = new MemoryChain()
    chain.register('alice')
    // What would end the connections in any case waits.
    const limits = { helloTimeoutMs: FOREVER, dialTimeoutMs: FOREVER }
    victim = await running.start(await makeNetwork(chain, 'alice', { limits }))
  })
  afterEach(() => running.stop())

  for (const open of OPENINGS) {
    it(`ends a length that never ends, in an opening: ${open.name}`, async () => {
      const opening = await open(victim.multiaddrs()[0]!)
      try {
        await opening.send(new Uint8Array(16).fill(0x80))
        await until('it is ended', opening.ended) // before the library's 10 s for a protocol
      } finally {
        await opening.close()
      }
    })
  }
})
