import { PeerProtocol, codeHashOf, deltaCodec, deltaHashOf, syncChunk, syncRequest, type Hash } from '@enigma/protocol'
import type { ChainReader } from '../chain/reader.ts'
import { deltaCalls, serve, type Nothing } from '../net/calls.ts'
import { decode } from '../net/decode.ts'
import type { PeerNetwork } from '../net/peer-network.ts'
import { chunksOf, type ContentSource } from './chunks.ts'
import type { ContentStore } from './interfaces.ts'
import { admitDelta } from './rules.ts'

export interface DeltaServerInit {
  readonly network: Pick<PeerNetwork, 'handle' | 'handleLine'>
  readonly chain: ChainReader
  readonly store: ContentStore
  readonly hasCode: (codeHash: Hash) => boolean
  /** Told when a push is on disk. */
  readonly onStored?: () => void
}

const done: Nothing = {}

/** Serves deltas and bytecode to other workers, and keeps what they push. A push is answered once it is on disk. */
export function serveDeltas({ network, chain, store, hasCode, onStored = () => undefined }: DeltaServerInit): void {
  serve(network, deltaCalls, {
    async pushDelta({ delta }, from) {
      const { scAddr, index } = deltaCodec.decode(delta)
      const settled = admitDelta(chain, scAddr, index, deltaHashOf(delta), from.signer)
      await store.putDelta(delta, settled ? null : from.signer)
      onStored()
      return done
    },

    async pushBytecode({ bytecode }, from) {
      await store.putBytecode(bytecode, hasCode(codeHashOf(bytecode)) ? null : from.signer)
      onStored()
      return done
    }
  })

  const source: ContentSource = {
    delta(scAddr, index) {
      const deltaHash = chain.deltaHash(scAddr, index)
      return deltaHash ? store.getDelta(scAddr, index, deltaHash) : Promise.resolve(null)
    },
    code: codeHash => store.getBytecode(codeHash)
  }
  network.handleLine(PeerProtocol.sync, async (line, from) => {
    const { wants } = decode(syncRequest, await line.read(), from.peerId)
    for await (const chunk of chunksOf(wants, source)) await line.write(syncChunk.encode(chunk))
  })
}
