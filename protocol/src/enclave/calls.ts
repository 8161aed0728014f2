import type { Attested, ChainViewAnswer, ContractQuery, SignedChainViewRequest } from '../chain-view.ts'
import type { EpochInfo, SeatProof } from '../draw.ts'
import type { ChainView, Receipt, Snapshot } from '../eip712.ts'
import type { SignedSnapshot } from '../snapshot.ts'
import type { SignedQuery, SignedQueryAnswer } from '../query.ts'
import type {
  MpcCloseRequest,
  MpcComputeRequest,
  MpcComputeResponse,
  MpcInputRequest,
  MpcOffer,
  MpcOfferRequest,
  MpcOpenRequest,
  MpcOpenResponse
} from './mpc-calls.ts'
import type { Address, Hash, Key32, ScAddr, TaskId } from '../ids.ts'

/** The total map of calls a host may make into its enclave. docs/spec/enclave-boundary.md */
export const EnclaveMethod = {
  start: 0,
  evidence: 1,
  encryptionKey: 2,
  forgetEpochs: 3,
  checkEnvelope: 4,
  chainViewRequest: 5,
  openChainView: 6,
  stateTip: 7,
  applyDeltas: 8,
  dropState: 9,
  loadCode: 10,
  accept: 11,
  run: 12,
  release: 13,
  epochSeed: 14,
  answerChainView: 15,
  status: 16,
  rerun: 17,
  query: 18,
  makeSnapshot: 19,
  snapshotPart: 20,
  loadSnapshotPart: 21,
  openSnapshot: 22,
  importRequest: 23,
  exportRoot: 24,
  importRoot: 25,
  rotateGeneration: 26,
  mpcOffer: 27,
  mpcOpen: 28,
  mpcInput: 29,
  mpcCompute: 30,
  mpcClose: 31,
  revertState: 32
} as const
export type EnclaveMethodName = keyof typeof EnclaveMethod

export interface Empty {
  readonly [key: string]: never
}

/** Binds the enclave to its network, for ever at its first start (R3). */
export interface StartRequest {
  readonly role: number // 0 worker, 1 principal
  readonly chainId: bigint
  readonly enigma: Address
  readonly operator: Address
  readonly principalSigner: Address // 0 for a principal
  readonly principal: Attested | null // of a worker: the principal's report and evidence; null for a principal
}
export interface StartResponse {
  readonly signer: Address
  readonly transportKey: Key32
  readonly principalSigner: Address
  readonly measurement: Hash
  readonly svn: number
  readonly isolation: string // 'bubblewrap' or 'process-only'
  readonly mode: string // 'simulation'
}

export interface EvidenceRequest {
  readonly nonce: number
}

export interface EncryptionKeyRequest {
  readonly epoch: number
}
export interface EncryptionKeyResponse {
  readonly key: Key32
  readonly signature: Uint8Array
}

export interface ForgetEpochsRequest {
  readonly before: number
}

export interface CheckEnvelopeRequest {
  readonly envelope: Uint8Array
}
/** 0: this seat can open it. 1: INPUT_NOT_FOR_SEAT. 2: not an envelope of this network. */
export interface CheckEnvelopeResponse {
  readonly verdict: number
}
export const EnvelopeVerdict = { forSeat: 0, notForSeat: 1, malformed: 2 } as const

export interface MakeChainViewRequest {
  readonly minBlock: number
  readonly contracts: readonly ContractQuery[]
}

export interface StateTipRequest {
  readonly scAddr: ScAddr
}
export interface StateTip {
  readonly hasKey: boolean // a state key was granted and has not expired
  readonly deltaCount: number
  readonly headHash: Hash // 0: nothing loaded
}

/** Consecutive deltas, from the enclave's own tip on. Each is checked against the chain's head only at accept and run. */
export interface ApplyDeltasRequest {
  readonly scAddr: ScAddr
  readonly deltas: readonly Uint8Array[]
}

/** Points of a contract's history, newest first: `heads[i]` is the head at `deltaCount - i`. */
export interface RevertStateRequest {
  readonly scAddr: ScAddr
  readonly deltaCount: number
  readonly heads: readonly Hash[] // 1 to deltaCount + 1
}

export interface LoadCodeRequest {
  readonly bytecode: Uint8Array
}
export interface LoadCodeResponse {
  readonly codeHash: Hash
}

/** `nonce` names a ChainView that openChainView took. */
export interface AcceptRequest {
  readonly nonce: Hash
  readonly taskId: TaskId
  readonly envelope: Uint8Array
}
export interface AcceptResponse {
  readonly recordBlock: number
  readonly signature: Uint8Array
}

/**
 * `after`: runs of this enclave that are not settled yet, from the chain's head on, in order; this one starts where they end (R7).
 * The view names them all. Empty: it starts at the chain's head.
 */
export interface RunRequest {
  readonly nonce: Hash
  readonly taskId: TaskId
  readonly envelope: Uint8Array
  readonly after: readonly TaskId[]
}
export interface RunResponse {
  readonly receipt: Receipt
  readonly signature: Uint8Array
  readonly delta: Uint8Array | null
  readonly callbackData: Uint8Array
  readonly sealedRun: Uint8Array
}

/** R10: the same run again, of a task whose receipt the chain has; the loaded state is the one that the receipt starts from. */
export interface RerunRequest {
  readonly nonce: Hash
  readonly taskId: TaskId
  readonly envelope: Uint8Array
  readonly receipt: Receipt
}

/** R8: a read-only call, on the state at the head of the view that `nonce` names. */
export interface QueryRequest extends SignedQuery {
  readonly nonce: Hash
}

export interface ReleaseRequest {
  readonly nonce: Hash
  readonly sealedRun: Uint8Array
}
export interface ReleaseResponse {
  readonly receipt: Receipt
  readonly result: Uint8Array
  readonly log: Uint8Array // empty for a failure
  readonly trace: Uint8Array // empty unless the requester asked for it
}

/** R10: the state at the head of a view, encrypted and signed; its ciphertext is then read in parts. */
export interface MakeSnapshotRequest {
  readonly nonce: Hash
  readonly scAddr: ScAddr
}
export type MakeSnapshotResponse = Omit<SignedSnapshot, 'maker'>

export interface ReadSnapshotPartRequest {
  readonly scAddr: ScAddr
  readonly headHash: Hash
  readonly offset: number
}
export interface ReadSnapshotPartResponse {
  readonly bytes: Uint8Array // SNAPSHOT_PART_BYTES, fewer at the end
}

/** The parts of somebody's snapshot, in order; `openSnapshot` follows within a minute of the last. */
export interface LoadSnapshotPartRequest {
  readonly scAddr: ScAddr
  readonly headHash: Hash
  readonly total: number
  readonly offset: number
  readonly bytes: Uint8Array
}
export interface OpenSnapshotRequest {
  readonly snapshot: Snapshot
  readonly generation: number
  readonly signature: Uint8Array
  readonly attested: Attested // its maker
}

export interface EpochSeedRequest {
  readonly d: number
}
export interface EpochSeedResponse {
  readonly seed: Hash
  readonly nextCommit: Hash
  readonly generation: number
  readonly signature: Uint8Array // over EpochUpdate
}

/** R9: state keys of a new generation from the next `epochSeed` on. */
export interface RotateGenerationResponse {
  readonly generation: number
}

/**
 * R14: a second enclave becomes the same principal. It asks with `importRequest` (a StartRequest of role 1), whose answer is a report
 * over a key made for this, with principalSigner 0: neither a worker's nor a principal's.
 */
export interface ExportRootRequest {
  readonly to: Attested
}
export interface ExportRootResponse {
  readonly sealed: Uint8Array // encoded RootTransfer: for that enclave alone
}
export interface ImportRootRequest {
  readonly start: StartRequest // as in importRequest
  readonly sealed: Uint8Array
}

/** That the asker holds a seat of a contract in an epoch; the principal's host collects it from the chain. */
export interface SeatClaim {
  readonly scAddr: ScAddr
  readonly epoch: EpochInfo
  readonly k: number
  readonly proof: SeatProof
  readonly graceOver: number // last block in which keys of this epoch are granted (R9)
}
export interface AnswerChainViewRequest {
  readonly asked: SignedChainViewRequest
  readonly asker: Attested
  readonly view: ChainView // as the principal's host reads the chain; its nonce is the request's
  readonly claims: readonly SeatClaim[]
}

export interface EnclaveStatus {
  readonly uptimeSeconds: number
  readonly runs: number
  readonly contracts: number
  readonly views: number
}

export interface EnclaveCalls {
  start: [StartRequest, StartResponse]
  evidence: [EvidenceRequest, Attested]
  encryptionKey: [EncryptionKeyRequest, EncryptionKeyResponse]
  forgetEpochs: [ForgetEpochsRequest, Empty]
  checkEnvelope: [CheckEnvelopeRequest, CheckEnvelopeResponse]
  chainViewRequest: [MakeChainViewRequest, SignedChainViewRequest]
  openChainView: [ChainViewAnswer, Empty]
  stateTip: [StateTipRequest, StateTip]
  applyDeltas: [ApplyDeltasRequest, StateTip]
  revertState: [RevertStateRequest, StateTip]
  dropState: [StateTipRequest, Empty]
  loadCode: [LoadCodeRequest, LoadCodeResponse]
  accept: [AcceptRequest, AcceptResponse]
  run: [RunRequest, RunResponse]
  rerun: [RerunRequest, RunResponse]
  query: [QueryRequest, SignedQueryAnswer]
  release: [ReleaseRequest, ReleaseResponse]
  epochSeed: [EpochSeedRequest, EpochSeedResponse]
  answerChainView: [AnswerChainViewRequest, ChainViewAnswer]
  makeSnapshot: [MakeSnapshotRequest, MakeSnapshotResponse]
  snapshotPart: [ReadSnapshotPartRequest, ReadSnapshotPartResponse]
  loadSnapshotPart: [LoadSnapshotPartRequest, Empty]
  openSnapshot: [OpenSnapshotRequest, StateTip]
  importRequest: [StartRequest, Attested]
  exportRoot: [ExportRootRequest, ExportRootResponse]
  importRoot: [ImportRootRequest, StartResponse]
  rotateGeneration: [Empty, RotateGenerationResponse]
  status: [Empty, EnclaveStatus]
  mpcOffer: [MpcOfferRequest, MpcOffer]
  mpcOpen: [MpcOpenRequest, MpcOpenResponse]
  mpcInput: [MpcInputRequest, Empty]
  mpcCompute: [MpcComputeRequest, MpcComputeResponse]
  mpcClose: [MpcCloseRequest, Empty]
}
