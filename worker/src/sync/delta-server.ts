import { MAX_MESSAGE_BYTES, codeHashOf, deltaCodec, deltaHashOf, type Hash } from '@enigma/protocol'
import type { ChainReader } from '../chain/reader.ts'
import { deltaCalls, serve, type Nothing } from '../net/calls.ts'
import type { PeerNetwork } from '../net/peer-network.ts'
import { SyncError } from './errors.ts'
import type { ContentStore } from './interfaces.ts'
import { admitDelta } from './rules.ts'

/** An answer leaves room for its headers. */
const MAX_ANSWER_BYTES = MAX_MESSAGE_BYTES - 4 * 1024
const MAX_DELTAS = 256

export interface DeltaServerInit {
  readonly network: Pick<PeerNetwork, 'handle'>
  readonly chain: ChainReader
  readonly store: ContentStore
  /** Told when a push brought content that the chain names. */
  readonly hasCode: (codeHash: Hash) => boolean
}

const done: Nothing = {}

/** Serves deltas and bytecode to other workers, and keeps what they push. A push is answered once it is on disk. */
export function serveDeltas({ network, chain, store, hasCode }: DeltaServerInit): void {
  serve(network, deltaCalls, {
    async pushDelta({ delta }, from) {
      const { scAddr, index } = deltaCodec.decode(delta)
      const settled = admitDelta(chain, scAddr, index, deltaHashOf(delta), from.signer)
      await store.putDelta(delta, settled ? null : from.signer)
      return done
    },

    async pushBytecode({ bytecode }, from) {
      await store.putBytecode(bytecode, hasCode(codeHashOf(bytecode)) ? null : from.signer)
      return done
    },

    async get({ scAddr, from, to }) {
      const deltas: Uint8Array[] = []
      let bytes = 0
      for (let index = from; index < to && deltas.length < MAX_DELTAS; index++) {
        const deltaHash = chain.deltaHash(scAddr, index)
        const delta = deltaHash && (await store.getDelta(scAddr, index, deltaHash))
        if (!delta) break
        bytes += delta.length + 4
        if (bytes > MAX_ANSWER_BYTES) break
        deltas.push(delta)
      }
      return { deltas }
    },

    async bytecode({ codeHash }) {
      const bytecode = await store.getBytecode(codeHash)
      if (bytecode) return { bytecode }
      throw new SyncError({ code: 'CONTENT_MISSING', what: codeHash }, 'This node does not have that bytecode.')
    }
  })
}
