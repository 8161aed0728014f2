import {
  addressCodec,
  bool,
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
  type Codec
} from '../codec.ts'
import {
  attested,
  chainViewAnswer,
  chainViewCodec,
  contractQuery,
  signedChainViewRequest,
  MAX_VIEW_CONTRACTS
} from '../chain-view.ts'
import type { EpochInfo, SeatProof, StakeLeaf, SumNode } from '../draw.ts'
import type { Key32, ScAddr, TaskId } from '../ids.ts'
import { MAX_BATCH, MAX_BYTECODE_BYTES, MAX_CALLBACK_BYTES, MAX_DELTA_BYTES, MAX_ENVELOPE_BYTES } from '../params.ts'
import { signedQueryAnswer } from '../query.ts'
import { MAX_RESULT_BYTES, MAX_SEALED_RUN_BYTES, receiptCodec } from '../run.ts'
import type {
  Empty,
  EnclaveMethodName,
  StartRequest,
  StartResponse,
  EvidenceRequest,
  EncryptionKeyRequest,
  EncryptionKeyResponse,
  ForgetEpochsRequest,
  CheckEnvelopeRequest,
  CheckEnvelopeResponse,
  MakeChainViewRequest,
  StateTipRequest,
  StateTip,
  ApplyDeltasRequest,
  LoadCodeRequest,
  LoadCodeResponse,
  AcceptRequest,
  AcceptResponse,
  RerunRequest,
  RunRequest,
  RunResponse,
  QueryRequest,
  ReleaseRequest,
  ReleaseResponse,
  EpochSeedRequest,
  EpochSeedResponse,
  RotateGenerationResponse,
  ExportRootRequest,
  ExportRootResponse,
  ImportRootRequest,
  SeatClaim,
  AnswerChainViewRequest,
  EnclaveStatus,
  EnclaveCalls
} from './calls.ts'

/** The two ends of a call, as bytes. */
export interface CallCodecs<M extends EnclaveMethodName> {
  readonly request: Codec<EnclaveCalls[M][0]>
  readonly response: Codec<EnclaveCalls[M][1]>
}

const empty = (name: string): Codec<Empty> => message<Empty>(name, 1, {})
/** A principal's report and evidence, and what it seals. */
const MAX_ROOT_TRANSFER_BYTES = 4096
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
const startFields = {
  role: u8,
  chainId: u256,
  enigma: addressCodec,
  operator: addressCodec,
  principalSigner: addressCodec,
  principal: maybe(attested)
}
const startRequest = message<StartRequest>('StartRequest', 1, startFields)
const startResponse = message<StartResponse>('StartResponse', 1, {
  signer: addressCodec,
  transportKey: bytes32<Key32>(),
  principalSigner: addressCodec,
  measurement: bytes32(),
  svn: u16,
  isolation: text(32),
  mode: text(32)
})
const scAddrOnly = message<StateTipRequest>('StateTipRequest', 1, { scAddr: bytes32<ScAddr>() })
const taskInView = { nonce: bytes32(), taskId: bytes32<TaskId>(), envelope: bytes(MAX_ENVELOPE_BYTES) }
const runResponse = message<RunResponse>(
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

/** How each call travels. A method without codecs does not compile. */
export const enclaveCodecs: { readonly [M in EnclaveMethodName]: CallCodecs<M> } = {
  start: { request: startRequest, response: startResponse },
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
    request: message<AcceptRequest>('AcceptRequest', 1, taskInView),
    response: message<AcceptResponse>('AcceptResponse', 1, { recordBlock: uint, signature: fixedBytes(65) })
  },
  run: {
    request: message<RunRequest>('RunRequest', 2, { ...taskInView, after: list(bytes32<TaskId>(), MAX_BATCH - 1) }),
    response: runResponse
  },
  rerun: {
    request: message<RerunRequest>('RerunRequest', 1, { ...taskInView, receipt: receiptCodec }),
    response: runResponse
  },
  query: {
    request: message<QueryRequest>('QueryRequest', 1, {
      nonce: bytes32(),
      envelope: bytes(MAX_ENVELOPE_BYTES),
      notAfter: uint,
      signature: fixedBytes(65)
    }),
    response: signedQueryAnswer
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
  importRequest: { request: startRequest, response: attested },
  exportRoot: {
    request: message<ExportRootRequest>('ExportRootRequest', 1, { to: attested }),
    response: message<ExportRootResponse>('ExportRootResponse', 1, { sealed: bytes(MAX_ROOT_TRANSFER_BYTES) })
  },
  importRoot: {
    request: message<ImportRootRequest>('ImportRootRequest', 1, {
      start: struct<StartRequest>('ImportStart', startFields),
      sealed: bytes(MAX_ROOT_TRANSFER_BYTES)
    }),
    response: startResponse
  },
  rotateGeneration: {
    request: empty('RotateGenerationRequest'),
    response: message<RotateGenerationResponse>('RotateGenerationResponse', 1, { generation: u32 })
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
