import {
  addressCodec,
  bytes,
  bytes32,
  fixedBytes,
  list,
  message,
  struct,
  u32,
  u64,
  u8,
  uint,
  type Codec
} from './codec.ts'
import { keccak256, keccakTuple } from './hashing.ts'
import type { ChainView, ContractView, Domain, TaskView } from './eip712.ts'
import type { Address, Hash, Key32, ScAddr, TaskId } from './ids.ts'
import type { Report } from './digests.ts'
import { MAX_GENERATIONS } from './params.ts'

/** The conversation of R5 and R9 between a worker's enclave and the principal's. docs/spec/chain-view.md */

export const MAX_VIEW_CONTRACTS = 32
export const MAX_VIEW_TASKS = 64
export const MAX_EVIDENCE_BYTES = 2048

export interface ContractQuery {
  readonly scAddr: ScAddr
  readonly taskIds: readonly TaskId[]
}

export interface ChainViewRequest {
  readonly nonce: Hash
  readonly minBlock: number
  readonly contracts: readonly ContractQuery[]
}

export const contractQuery: Codec<ContractQuery> = struct<ContractQuery>('ContractQuery', {
  scAddr: bytes32<ScAddr>(),
  taskIds: list(bytes32<TaskId>(), MAX_VIEW_TASKS)
})

export const chainViewRequest: Codec<ChainViewRequest> = message<ChainViewRequest>('ChainViewRequest', 1, {
  nonce: bytes32(),
  minBlock: uint,
  contracts: list(contractQuery, MAX_VIEW_CONTRACTS)
})

/** What the asking enclave signs, over the encoded request. */
export function chainViewRequestDigest({ chainId, enigma }: Domain, request: Uint8Array): Hash {
  return keccakTuple(
    ['string', 'uint256', 'address', 'bytes32'],
    ['enigma/chain-view-request', chainId, enigma, keccak256(request)]
  )
}

export interface SignedChainViewRequest {
  readonly request: Uint8Array // encoded ChainViewRequest
  readonly signer: Address
  readonly signature: Uint8Array
}
export const signedChainViewRequest: Codec<SignedChainViewRequest> = message<SignedChainViewRequest>(
  'SignedChainViewRequest',
  1,
  { request: bytes(96 * 1024), signer: addressCodec, signature: fixedBytes(65) }
)

const taskView: Codec<TaskView> = struct<TaskView>('TaskView', {
  taskId: bytes32<TaskId>(),
  kind: u8,
  sender: addressCodec,
  inputHash: bytes32(),
  gasLimit: u64,
  epoch: uint,
  generation: u32,
  recordBlock: uint,
  recordTime: uint,
  status: u8,
  receiptBlock: uint,
  receiptDigest: bytes32()
})

const contractView: Codec<ContractView> = struct<ContractView>('ContractView', {
  scAddr: bytes32<ScAddr>(),
  codeHash: bytes32(),
  deltaCount: uint,
  headHash: bytes32(),
  tasks: list(taskView, MAX_VIEW_TASKS)
})

export const chainViewCodec: Codec<ChainView> = message<ChainView>('ChainView', 2, {
  nonce: bytes32(),
  block: uint,
  blockHash: bytes32(),
  time: uint,
  epoch: uint,
  epochStart: uint,
  previousEnd: uint,
  generation: u32,
  contracts: list(contractView, MAX_VIEW_CONTRACTS)
})

/** The principal's answer: the view in clear, so that the asker's host can compare it; the keys for the asker alone. */
export interface ChainViewAnswer {
  readonly view: ChainView
  readonly signature: Uint8Array // the principal's, over the view's EIP-712 digest
  readonly grants: Uint8Array // sealed list of state keys
}
/** MAX_GENERATIONS keys for each of MAX_VIEW_CONTRACTS contracts. */
export const MAX_GRANTS_BYTES = 320 * 1024
export const chainViewAnswer: Codec<ChainViewAnswer> = message<ChainViewAnswer>('ChainViewAnswer', 1, {
  view: chainViewCodec,
  signature: fixedBytes(65),
  grants: bytes(MAX_GRANTS_BYTES)
})

export interface StateKeyGrant {
  readonly scAddr: ScAddr
  readonly generation: number
  readonly key: Uint8Array
}
export const stateKeyGrants = list(
  struct<StateKeyGrant>('StateKeyGrant', { scAddr: bytes32<ScAddr>(), generation: u32, key: fixedBytes(32) }),
  MAX_VIEW_CONTRACTS * MAX_GENERATIONS
)

/** A report beside the evidence that binds it. */
export interface Attested {
  readonly report: Report
  readonly evidence: Uint8Array
}
export const reportCodec: Codec<Report> = struct<Report>('Report', {
  signer: addressCodec,
  transportKey: bytes32<Key32>(),
  operator: addressCodec,
  chainId: u64,
  enigma: addressCodec,
  principalSigner: addressCodec,
  nonce: uint
})
export const attested: Codec<Attested> = struct<Attested>('Attested', {
  report: reportCodec,
  evidence: bytes(MAX_EVIDENCE_BYTES)
})
