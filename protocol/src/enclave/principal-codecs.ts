import {
  addressCodec,
  bytes,
  bytes32,
  fixedBytes,
  list,
  message,
  struct,
  u256,
  u32,
  u8,
  uint,
  type Codec
} from '../codec.ts'
import { attested, chainViewAnswer, chainViewCodec, signedChainViewRequest, MAX_VIEW_CONTRACTS } from '../chain-view.ts'
import type { EpochInfo, SeatProof, StakeLeaf, SumNode } from '../draw.ts'
import type { ScAddr } from '../ids.ts'
import type {
  StartRequest,
  EpochSeedRequest,
  EpochSeedResponse,
  RotateGenerationResponse,
  ExportRootRequest,
  ExportRootResponse,
  ImportRootRequest,
  SeatClaim,
  AnswerChainViewRequest
} from './calls.ts'
import { MAX_CALL_BYTES, empty, startFields, startRequest, startResponse, type CodecsOf } from './call-parts.ts'

const leaf: Codec<StakeLeaf> = struct<StakeLeaf>('StakeLeaf', {
  index: u32,
  operator: addressCodec,
  signer: addressCodec,
  stake: u256
})
const sumNode: Codec<SumNode> = struct<SumNode>('SumNode', { hash: bytes32(), sum: u256 })
const seatProofCodec: Codec<SeatProof> = struct<SeatProof>('SeatProof', { leaf, siblings: list(sumNode, 32) })
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
/** A principal's report and evidence, and what it seals. */
const MAX_ROOT_TRANSFER_BYTES = 4096

/** The calls of a principal (R1, R5, R9, R14). */
export const principalCodecs: CodecsOf<
  'epochSeed' | 'answerChainView' | 'importRequest' | 'exportRoot' | 'importRoot' | 'rotateGeneration'
> = {
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
      MAX_CALL_BYTES
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
  }
}
