import {
  EnigmaError,
  PeerProtocol,
  codeHashOf,
  deltaCodec,
  deltaHashOf,
  syncChunk,
  syncRequest,
  type Hash
} from '@enigma/protocol'
import type { ChainReader } from '../chain/reader.ts'
import { deltaCalls, serve, type Nothing } from '../net/calls.ts'
import { decode } from '../net/decode.ts'
import type { Peer, PeerNetwork } from '../net/peer-network.ts'
import { chunksOf, type ContentSource } from './chunks.ts'
import type { ContentStore, DeltaOffer } from './interfaces.ts'
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
  /** @throws DELTA_REFUSED, PROTOCOL_DECODE */
  function admitted(delta: Uint8Array, { signer }: Peer): DeltaOffer {
    const { scAddr, index } = deltaCodec.decode(delta)
    const settled = admitDelta(chain, scAddr, index, deltaHashOf(delta), signer)
    return { delta, from: settled ? null : signer }
  }

  serve(network, deltaCalls, {
    async pushDelta({ delta }, peer) {
      const offer = admitted(delta, peer)
      await store.putDelta(offer.delta, offer.from)
      onStored()
      return done
    },

    async pushDeltas({ deltas }, peer) {
      const codes = deltas.map(() => '')
      const offers: (DeltaOffer & { readonly at: number })[] = []
      for (const [at, delta] of deltas.entries()) {
        try {
          offers.push({ at, ...admitted(delta, peer) })
        } catch (error) {
          if (!(error instanceof EnigmaError)) throw error
          codes[at] = error.code
        }
      }
      const stored = await store.putDeltas(offers)
      for (const [i, one] of stored.entries()) if (one instanceof EnigmaError) codes[offers[i]!.at] = one.code
      onStored()
      return { codes }
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
