import {
  addressCodec,
  bytes,
  bytes32,
  fixedBytes,
  list,
  maybe,
  message,
  struct,
  text,
  u16,
  u256,
  u32,
  u8,
  uint,
  bool,
  type Codec
} from '../codec.ts'
import {
  attested,
  chainViewAnswer,
  chainViewCodec,
  contractQuery,
  signedChainViewRequest,
  MAX_VIEW_CONTRACTS,
  type Attested,
  type ChainViewAnswer,
  type ContractQuery,
  type SignedChainViewRequest
} from '../chain-view.ts'
import { MAX_RESULT_BYTES, MAX_SEALED_RUN_BYTES, receiptCodec } from '../run.ts'
import { MAX_BYTECODE_BYTES, MAX_DELTA_BYTES, MAX_ENVELOPE_BYTES, MAX_CALLBACK_BYTES } from '../params.ts'
import type { ChainView, Receipt } from '../eip712.ts'
import type { Address, Hash, Key32, ScAddr, TaskId } from '../ids.ts'
import type { EpochInfo, SeatProof, SumNode, StakeLeaf } from '../draw.ts'

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
  status: 16
} as const
export type EnclaveMethodName = keyof typeof EnclaveMethod

export interface Empty {
  readonly [key: string]: never
}
const empty = (name: string): Codec<Empty> => message<Empty>(name, 1, {})

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

export interface RunRequest {
  readonly nonce: Hash
  readonly taskId: TaskId
  readonly envelope: Uint8Array
}
export interface RunResponse {
  readonly receipt: Receipt
  readonly signature: Uint8Array
  readonly delta: Uint8Array | null
  readonly callbackData: Uint8Array
  readonly sealedRun: Uint8Array
}

export interface ReleaseRequest {
  readonly nonce: Hash
  readonly sealedRun: Uint8Array
}
export interface ReleaseResponse {
  readonly receipt: Receipt
  readonly result: Uint8Array
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
  dropState: [StateTipRequest, Empty]
  loadCode: [LoadCodeRequest, LoadCodeResponse]
  accept: [AcceptRequest, AcceptResponse]
  run: [RunRequest, RunResponse]
  release: [ReleaseRequest, ReleaseResponse]
  epochSeed: [EpochSeedRequest, EpochSeedResponse]
  answerChainView: [AnswerChainViewRequest, ChainViewAnswer]
  status: [Empty, EnclaveStatus]
}

export interface CallCodecs<M extends EnclaveMethodName> {
  readonly request: Codec<EnclaveCalls[M][0]>
  readonly response: Codec<EnclaveCalls[M][1]>
}

const MAX = 1024 * 1024 + 32 * 1024
const leaf: Codec<StakeLeaf> = struct<StakeLeaf>('StakeLeaf', {
  index: u32,
  operator: addressCodec,
  signer: addressCodec,
  stake: u256
})
const sumNode: Codec<SumNode> = struct<SumNode>('SumNode', { hash: bytes32(), sum: u256 })
export const seatProofCodec: Codec<SeatProof> = struct<SeatProof>('SeatProof', { leaf, siblings: list(sumNode, 32) })
const epochInfo: Codec<EpochInfo> = struct<EpochInfo>('EpochInfo', {
  epoch: uint,
  mix: bytes32(),
  root: bytes32(),
  total: u256,
  startBlock: uint,
  generation: u32
})
const seatClaim: Codec<SeatClaim> = struct<SeatClaim>('SeatClaim', {
  scAddr: bytes32<ScAddr>(),
  epoch: epochInfo,
  k: u8,
  proof: seatProofCodec,
  graceOver: uint
})
const stateTip = message<StateTip>('StateTip', 1, { hasKey: bool, deltaCount: uint, headHash: bytes32() })
const scAddrOnly = message<StateTipRequest>('StateTipRequest', 1, { scAddr: bytes32<ScAddr>() })
const nonceTaskEnvelope = (name: string): Codec<RunRequest> =>
  message<RunRequest>(name, 1, { nonce: bytes32(), taskId: bytes32<TaskId>(), envelope: bytes(MAX_ENVELOPE_BYTES) })

/** How each call travels. A method without codecs does not compile. */
export const enclaveCodecs: { readonly [M in EnclaveMethodName]: CallCodecs<M> } = {
  start: {
    request: message<StartRequest>('StartRequest', 1, {
      role: u8,
      chainId: u256,
      enigma: addressCodec,
      operator: addressCodec,
      principalSigner: addressCodec,
      principal: maybe(attested)
    }),
    response: message<StartResponse>('StartResponse', 1, {
      signer: addressCodec,
      transportKey: bytes32<Key32>(),
      principalSigner: addressCodec,
      measurement: bytes32(),
      svn: u16,
      isolation: text(32),
      mode: text(32)
    })
  },
  evidence: { request: message<EvidenceRequest>('EvidenceRequest', 1, { nonce: uint }), response: attested },
  encryptionKey: {
    request: message<EncryptionKeyRequest>('EncryptionKeyRequest', 1, { epoch: uint }),
    response: message<EncryptionKeyResponse>('EncryptionKeyResponse', 1, {
      key: bytes32<Key32>(),
      signature: fixedBytes(65)
    })
  },
  forgetEpochs: {
    request: message<ForgetEpochsRequest>('ForgetEpochsRequest', 1, { before: uint }),
    response: empty('Done')
  },
  checkEnvelope: {
    request: message<CheckEnvelopeRequest>('CheckEnvelopeRequest', 1, { envelope: bytes(MAX_ENVELOPE_BYTES) }),
    response: message<CheckEnvelopeResponse>('CheckEnvelopeResponse', 1, { verdict: u8 })
  },
  chainViewRequest: {
    request: message<MakeChainViewRequest>('MakeChainViewRequest', 1, {
      minBlock: uint,
      contracts: list(contractQuery, MAX_VIEW_CONTRACTS)
    }),
    response: signedChainViewRequest
  },
  openChainView: { request: chainViewAnswer, response: empty('Done') },
  stateTip: { request: scAddrOnly, response: stateTip },
  applyDeltas: {
    request: message<ApplyDeltasRequest>(
      'ApplyDeltasRequest',
      1,
      {
        scAddr: bytes32<ScAddr>(),
        deltas: list(bytes(MAX_DELTA_BYTES), 64)
      },
      MAX
    ),
    response: stateTip
  },
  dropState: { request: scAddrOnly, response: empty('Done') },
  loadCode: {
    request: message<LoadCodeRequest>('LoadCodeRequest', 1, { bytecode: bytes(MAX_BYTECODE_BYTES) }),
    response: message<LoadCodeResponse>('LoadCodeResponse', 1, { codeHash: bytes32() })
  },
  accept: {
    request: nonceTaskEnvelope('AcceptRequest'),
    response: message<AcceptResponse>('AcceptResponse', 1, { recordBlock: uint, signature: fixedBytes(65) })
  },
  run: {
    request: nonceTaskEnvelope('RunRequest'),
    response: message<RunResponse>(
      'RunResponse',
      1,
      {
        receipt: receiptCodec,
        signature: fixedBytes(65),
        delta: maybe(bytes(MAX_DELTA_BYTES)),
        callbackData: bytes(MAX_CALLBACK_BYTES),
        sealedRun: bytes(MAX_SEALED_RUN_BYTES)
      },
      MAX
    )
  },
  release: {
    request: message<ReleaseRequest>('ReleaseRequest', 1, { nonce: bytes32(), sealedRun: bytes(MAX_SEALED_RUN_BYTES) }),
    response: message<ReleaseResponse>('ReleaseResponse', 1, { receipt: receiptCodec, result: bytes(MAX_RESULT_BYTES) })
  },
  epochSeed: {
    request: message<EpochSeedRequest>('EpochSeedRequest', 1, { d: uint }),
    response: message<EpochSeedResponse>('EpochSeedResponse', 1, {
      seed: bytes32(),
      nextCommit: bytes32(),
      generation: u32,
      signature: fixedBytes(65)
    })
  },
  answerChainView: {
    request: message<AnswerChainViewRequest>(
      'AnswerChainViewRequest',
      1,
      {
        asked: signedChainViewRequest,
        asker: attested,
        view: chainViewCodec,
        claims: list(seatClaim, MAX_VIEW_CONTRACTS * 4)
      },
      MAX
    ),
    response: chainViewAnswer
  },
  status: {
    request: empty('StatusRequest'),
    response: message<EnclaveStatus>('EnclaveStatus', 1, {
      uptimeSeconds: uint,
      runs: uint,
      contracts: uint,
      views: uint
    })
  }
}

/** How an error crosses the boundary: a code and a sentence, never a secret. */
export interface EnclaveErrorMessage {
  readonly code: string
  readonly message: string
}
export const enclaveErrorCodec: Codec<EnclaveErrorMessage> = message<EnclaveErrorMessage>('EnclaveError', 1, {
  code: text(64),
  message: text(512)
})
