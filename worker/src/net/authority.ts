import type { Address } from '@enigma/protocol'
import type { ChainReader } from '../chain/reader.ts'
import type { PeerRole } from './peer-network.ts'

/** What a hello claims, once its signature shows that `operator` made it for `peerId`. */
export interface PeerClaim {
  readonly peerId: string
  readonly role: PeerRole
  readonly operator: Address
  readonly signer: Address
}

/** Decides whether a claim is true now. It is asked again whenever the chain moved. */
export interface PeerAuthority {
  vouchesFor(claim: PeerClaim): boolean
  /** Calls back when answers may have changed; returns the way to stop that. */
  onChange(callback: () => void): () => void
}

export interface ChainAuthorityInit {
  readonly chain: Pick<ChainReader, 'worker' | 'subscribe'>
  /** The registered principal; null while there is none. */
  readonly principal: () => { readonly operator: Address; readonly signer: Address } | null
  /** Peer ids of the configured bootstrap nodes: nothing on chain speaks for those. */
  readonly bootstrapPeerIds?: readonly string[]
}

/** The chain's word: a registered worker with its present enclave, the principal, or a bootstrap node of the settings. */
export function chainAuthority({ chain, principal, bootstrapPeerIds = [] }: ChainAuthorityInit): PeerAuthority {
  return {
    vouchesFor({ peerId, role, operator, signer }) {
      switch (role) {
        case 'worker':
          return chain.worker(operator)?.signer === signer
        case 'principal': {
          const known = principal()
          return known !== null && known.operator === operator && known.signer === signer
        }
        case 'bootstrap':
          return bootstrapPeerIds.includes(peerId)
      }
    },
    onChange: callback =>
      chain.subscribe(event => {
        if (event.type === 'head') callback()
      })
  }
}
