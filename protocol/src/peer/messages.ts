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
  u256,
  u8,
  uint,
  type Codec
} from '../codec.ts'
import { keccakTuple } from '../hashing.ts'
import {
  chainViewAnswer,
  attested,
  signedChainViewRequest,
  type Attested,
  type ChainViewAnswer,
  type SignedChainViewRequest
} from '../chain-view.ts'
import { MAX_BYTECODE_BYTES, MAX_DELTA_BYTES, MAX_ENVELOPE_BYTES } from '../params.ts'
import { MAX_ASIDE_BYTES } from '../trace.ts'
import { MAX_RESULT_BYTES, receiptCodec } from '../run.ts'
import { SNAPSHOT_PART_BYTES, signedSnapshot, type SignedSnapshot } from '../snapshot.ts'
import type { Domain, Receipt } from '../eip712.ts'
import type { Address, Hash, Key32, ScAddr, TaskId } from '../ids.ts'

/**
 * What workers and the principal say to each other over libp2p streams: one request, one response, each in one
 * length-prefixed frame. docs/spec/peer-protocols.md
 */
export const PeerProtocol = {
  hello: '/enigma/hello/1.0.0',
  findPeers: '/enigma/find-peers/1.0.0',
  encryptionKeys: '/enigma/encryption-keys/1.0.0',
  taskRelay: '/enigma/task-relay/1.0.0',
  delta: '/enigma/delta/1.0.0',
  sync: '/enigma/sync/1.0.0',
  principal: '/enigma/principal/1.0.0',
  query: '/enigma/query/1.0.0',
  snapshot: '/enigma/snapshot/1.0.0'
} as const

/** Gossip of finished results (R8): the payload is a ReleasedResult. */
export const RESULTS_TOPIC = '/enigma/results/1'

/** Who a peer is: the operator's signature over its libp2p identity. */
export interface Hello {
  readonly chainId: bigint
  readonly enigma: Address
  readonly role: number // 0 worker, 1 principal, 2 bootstrap
  readonly operator: Address
  readonly signer: Address // of its enclave; 0 for a bootstrap
  readonly addresses: readonly string[] // multiaddrs it listens on
  readonly signature: Uint8Array // the operator's, over helloDigest
}
export const helloCodec: Codec<Hello> = message<Hello>('Hello', 1, {
  chainId: u256,
  enigma: addressCodec,
  role: u8,
  operator: addressCodec,
  signer: addressCodec,
  addresses: list(text(256), 8),
  signature: fixedBytes(65)
})
export function helloDigest({ chainId, enigma }: Domain, peerId: string, role: number, signer: Address): Hash {
  return keccakTuple(
    ['string', 'uint256', 'address', 'string', 'uint8', 'address'],
    ['enigma/hello', chainId, enigma, peerId, role, signer]
  )
}

export interface FindPeersRequest {
  readonly max: number
}
export interface FindPeersResponse {
  readonly peers: readonly { readonly addresses: readonly string[] }[]
}
export const findPeersRequest: Codec<FindPeersRequest> = message<FindPeersRequest>('FindPeersRequest', 1, { max: u8 })
export const findPeersResponse: Codec<FindPeersResponse> = message<FindPeersResponse>('FindPeersResponse', 1, {
  peers: list(struct<{ addresses: readonly string[] }>('PeerAddresses', { addresses: list(text(256), 8) }), 64)
})

/** An enclave's signed key for an epoch (R3); the EIP-712 signature stands over EncryptionKey{epoch, key}. */
export interface EpochKeyRecord {
  readonly signer: Address
  readonly epoch: number
  readonly key: Key32
  readonly signature: Uint8Array
}
const epochKeyRecord: Codec<EpochKeyRecord> = struct<EpochKeyRecord>('EpochKeyRecord', {
  signer: addressCodec,
  epoch: uint,
  key: bytes32<Key32>(),
  signature: fixedBytes(65)
})
/** Gives what the sender has; the answer is what the receiver has for `epoch`. */
export interface EncryptionKeysMessage {
  readonly epoch: number
  readonly keys: readonly EpochKeyRecord[]
}
export const encryptionKeysMessage: Codec<EncryptionKeysMessage> = message<EncryptionKeysMessage>('EncryptionKeys', 1, {
  epoch: uint,
  keys: list(epochKeyRecord, 256)
})

/** Every peer request (method 0 where there is only one), and its answer: ok and a payload, or a code and a sentence. */
export interface PeerRequest {
  readonly method: number
  readonly payload: Uint8Array
}
export const peerRequest: Codec<PeerRequest> = message<PeerRequest>('PeerRequest', 1, {
  method: u8,
  payload: bytes(1024 * 1024 - 16)
})
export interface PeerResponse {
  readonly ok: boolean
  readonly code: string
  readonly payload: Uint8Array
}
export const peerResponse: Codec<PeerResponse> = message<PeerResponse>('PeerResponse', 1, {
  ok: bool,
  code: text(64),
  payload: bytes(1024 * 1024 - 128)
})

/** Task relay (R4, R8): entry worker to seat holder. */
export const RelayMethod = { deliver: 0, status: 1, result: 2 } as const
export interface DeliverRequest {
  readonly envelope: Uint8Array
  readonly bytecode: Uint8Array | null // of a deployment
}
export const deliverRequest: Codec<DeliverRequest> = message<DeliverRequest>('DeliverRequest', 1, {
  envelope: bytes(MAX_ENVELOPE_BYTES),
  bytecode: maybe(bytes(MAX_BYTECODE_BYTES))
})
/** The seat holder has the envelope on disk, and its enclave can open it. */
export interface DeliverResponse {
  readonly signer: Address
}
export const deliverResponse: Codec<DeliverResponse> = message<DeliverResponse>('DeliverResponse', 1, {
  signer: addressCodec
})

export interface TaskQuery {
  readonly taskId: TaskId
}
export const taskQuery: Codec<TaskQuery> = message<TaskQuery>('TaskQuery', 1, { taskId: bytes32<TaskId>() })
/** A seat's own view of a task. */
export interface SeatStatus {
  readonly stage: string // of the task machine
  readonly signer: Address
  readonly accepted: { readonly recordBlock: number; readonly signature: Uint8Array } | null
}
/** Null: this seat does not know the task. */
export interface SeatStatusAnswer {
  readonly seat: SeatStatus | null
}
export const seatStatusAnswer: Codec<SeatStatusAnswer> = message<SeatStatusAnswer>('SeatStatus', 1, {
  seat: maybe(
    struct<SeatStatus>('Seat', {
      stage: text(32),
      signer: addressCodec,
      accepted: maybe(
        struct<{ recordBlock: number; signature: Uint8Array }>('Accepted', {
          recordBlock: uint,
          signature: fixedBytes(65)
        })
      )
    })
  )
})
/** A released result: the ciphertext for the requester, with the receipt it belongs to. */
export interface ReleasedResult {
  readonly receipt: Receipt
  readonly signature: Uint8Array
  readonly result: Uint8Array
  readonly log: Uint8Array // not in the receipt: only the requester can tell whether it is whole
  readonly trace: Uint8Array // likewise; empty unless it was asked for
}
export const releasedResult: Codec<ReleasedResult> = message<ReleasedResult>('ReleasedResult', 2, {
  receipt: receiptCodec,
  signature: fixedBytes(65),
  result: bytes(MAX_RESULT_BYTES),
  log: bytes(MAX_ASIDE_BYTES),
  trace: bytes(MAX_ASIDE_BYTES)
})

/** Bytecode and deltas as they are made (R10); in bulk they travel by `sync.ts`. Content is checked against the chain, never believed for its sender. */
export const DeltaMethod = { pushDelta: 0, pushBytecode: 1, pushDeltas: 2 } as const
/** The receiver has the delta on disk when it answers; it is checked against the chain once the receipt is there. */
export interface DeltaPush {
  readonly delta: Uint8Array
}
export const deltaPush: Codec<DeltaPush> = message<DeltaPush>('DeltaPush', 1, { delta: bytes(MAX_DELTA_BYTES) })
/** The deltas of several runs at once, at most 1 MiB together: one message and one write to disk for what a block brought. */
export const MAX_PUSHED_DELTAS = 64
export interface DeltasPush {
  readonly deltas: readonly Uint8Array[]
}
export const deltasPush: Codec<DeltasPush> = message<DeltasPush>('DeltasPush', 1, {
  deltas: list(bytes(MAX_DELTA_BYTES), MAX_PUSHED_DELTAS)
})
/** For each delta, in order: empty if it is on disk, else the code of why it was refused. */
export interface DeltasPushed {
  readonly codes: readonly string[]
}
export const deltasPushed: Codec<DeltasPushed> = message<DeltasPushed>('DeltasPushed', 1, {
  codes: list(text(48), MAX_PUSHED_DELTAS)
})
export interface BytecodePush {
  readonly bytecode: Uint8Array
}
export const bytecodePush: Codec<BytecodePush> = message<BytecodePush>('BytecodePush', 1, {
  bytecode: bytes(MAX_BYTECODE_BYTES)
})

/** Snapshots (R10). */
export const SnapshotMethod = { newest: 0, part: 1 } as const
/** The newest snapshot that the peer has of a contract, at `atMost` deltas or fewer (R10); null if none. */
export interface SnapshotQuery {
  readonly scAddr: ScAddr
  readonly atMost: number
}
export const snapshotQuery: Codec<SnapshotQuery> = message<SnapshotQuery>('SnapshotQuery', 1, {
  scAddr: bytes32<ScAddr>(),
  atMost: uint
})
export interface SnapshotAnswer {
  readonly found: SignedSnapshot | null
}
export const snapshotAnswer: Codec<SnapshotAnswer> = message<SnapshotAnswer>('SnapshotAnswer', 1, {
  found: maybe(signedSnapshot)
})
/** A part of a snapshot's ciphertext, named by its content; at most SNAPSHOT_PART_BYTES from `offset` on. */
export interface SnapshotPartRequest {
  readonly contentHash: Hash
  readonly offset: number
}
export const snapshotPartRequest: Codec<SnapshotPartRequest> = message<SnapshotPartRequest>('SnapshotPartRequest', 1, {
  contentHash: bytes32(),
  offset: uint
})
export interface SnapshotPart {
  readonly part: Uint8Array
}
export const snapshotPart: Codec<SnapshotPart> = message<SnapshotPart>('SnapshotPart', 1, {
  part: bytes(SNAPSHOT_PART_BYTES)
})

/** Read-only calls (R8): entry worker to seat holder; the request is a SignedQuery, the answer a SignedQueryAnswer. */
export const QueryMethod = { query: 0 } as const

/** To the principal (R5): who it is, and a view of the chain with state keys. */
export const PrincipalMethod = { info: 0, chainView: 1 } as const
export const principalInfo: Codec<Attested> = attested
export const principalChainViewRequest: Codec<SignedChainViewRequest> = signedChainViewRequest
export const principalChainViewAnswer: Codec<ChainViewAnswer> = chainViewAnswer
