import type { Attested } from '../chain-view.ts'
import type { Hash, Key32 } from '../ids.ts'

/** Calls by which a host lets its enclave take part in a computation of several. docs/spec/mpc-host.md */

export interface MpcOfferRequest {
  readonly session: Hash // a name that is used once
  readonly nonce: number // of the evidence
}
/** A key made for one session, signed by the enclave whose report stands beside it. Hosts carry offers to each other. */
export interface MpcOffer {
  readonly session: Hash
  readonly key: Key32
  readonly attested: Attested
  readonly signature: Uint8Array // over mpcOfferDigest
}

export interface MpcOpenRequest {
  readonly session: Hash
  readonly prime: string // hex without 0x
  readonly degree: number // T - 1
  readonly active: boolean
  readonly wholeBits: number // E of the network's numbers, sign included
  readonly fractionBits: number // F
  readonly timeoutMs: number // for one message
  readonly offers: readonly MpcOffer[] // of all nodes, in order; this enclave's is among them
}
export interface MpcOpenResponse {
  readonly index: number
}

export interface MpcInputRequest {
  readonly session: Hash
  readonly name: string
  readonly magnitude: number // |value| <= 2^magnitude; checked before it is used
  readonly fraction: number
  readonly sealed: Uint8Array // sealForMpc('input') of an mpcPackage, for this enclave
}

export interface MpcComputeRequest {
  readonly session: Hash
  readonly operation: string
  readonly inputs: readonly string[]
  readonly recipient: Key32
}
export interface MpcComputeResponse {
  readonly fraction: number
  readonly sealed: Uint8Array // sealForMpc('result') of this node's shares, for the recipient
}

export interface MpcCloseRequest {
  readonly session: Hash
}

/** What accompanies a socket on Node's IPC channel: where the link in it leads. */
export interface MpcLinkMessage {
  readonly mpcLink: Hash // session
  readonly peer: number
}
