import { bytes, bytes32, fixedBytes, list, maybe, message, text, u8, uint, type Codec } from '../codec.ts'
import { attested, chainViewAnswer, signedChainViewRequest, MAX_VIEW_CONTRACTS, contractQuery } from '../chain-view.ts'
import type { ScAddr, TaskId, Key32 } from '../ids.ts'
import {
  MAX_BATCH,
  MAX_BYTECODE_BYTES,
  MAX_CALLBACK_BYTES,
  MAX_DELTA_BYTES,
  MAX_ENVELOPE_BYTES,
  MAX_UNDO_DEPTH
} from '../params.ts'
import { MAX_ASIDE_BYTES } from '../trace.ts'
import { signedQueryAnswer } from '../query.ts'
import { MAX_RESULT_BYTES, MAX_SEALED_RUN_BYTES, receiptCodec } from '../run.ts'
import { MAX_CALL_BYTES, empty, startRequest, startResponse, stateTip, type CallCodecs } from './call-parts.ts'
import type {
  EnclaveMethodName,
  EvidenceRequest,
  EncryptionKeyRequest,
  EncryptionKeyResponse,
  ForgetEpochsRequest,
  CheckEnvelopeRequest,
  CheckEnvelopeResponse,
  MakeChainViewRequest,
  StateTipRequest,
  ApplyDeltasRequest,
  RevertStateRequest,
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
  EnclaveStatus
} from './calls.ts'
import { mpcCodecs } from './mpc-codecs.ts'
import { principalCodecs } from './principal-codecs.ts'
import { snapshotCodecs } from './snapshot-codecs.ts'

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
  MAX_CALL_BYTES
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
      MAX_CALL_BYTES
    ),
    response: stateTip
  },
  revertState: {
    request: message<RevertStateRequest>('RevertStateRequest', 1, {
      scAddr: bytes32<ScAddr>(),
      deltaCount: uint,
      heads: list(bytes32(), MAX_UNDO_DEPTH)
    }),
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
    response: message<ReleaseResponse>('ReleaseResponse', 2, {
      receipt: receiptCodec,
      result: bytes(MAX_RESULT_BYTES),
      log: bytes(MAX_ASIDE_BYTES),
      trace: bytes(MAX_ASIDE_BYTES)
    })
  },
  ...snapshotCodecs,
  ...principalCodecs,
  ...mpcCodecs,
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
