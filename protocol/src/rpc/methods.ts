import type { Hex } from '../bytes.ts'
import type { Address, Hash, Key32, ScAddr, TaskId } from '../ids.ts'

/**
 * JSON-RPC of a worker (docs/spec/json-rpc.md). Bytes and ids are lower-case 0x hex; integers beyond 2^53 decimal strings.
 * Errors: -32602 for parameters, -32000 otherwise, with `data: {code, hint}`.
 */

/** Stages of a task, in order; the last is `final` or `failed`. */
export const TASK_STAGES = [
  'encrypted',
  'delivered',
  'recorded',
  'accepted',
  'executing',
  'committed',
  'verified',
  'final',
  'failed'
] as const
export type TaskStage = (typeof TASK_STAGES)[number]

/** The predecessor's six task statuses, by name. */
export type NetworkTaskStatus = null | 'UNVERIFIED' | 'INPROGRESS' | 'SUCCESS' | 'FAILED' | 'ETHEREUMFAILURE'

export interface ReportJson {
  readonly signer: Address
  readonly transportKey: Key32
  readonly operator: Address
  readonly chainId: string
  readonly enigma: Address
  readonly principalSigner: Address
  readonly nonce: number
}
export interface AttestedJson {
  readonly report: ReportJson
  readonly evidence: Hex
}

export interface StepStatus {
  readonly name: string // 'start', 'bootstrap', 'discovery', 'sync', 'announce', 'services', 'register', 'login'
  readonly state: 'waiting' | 'running' | 'done' | 'failed'
  readonly detail: string
  /** While it waits for somebody: what for, as a stable code, and what can be done. */
  readonly code?: string
  readonly hint?: string
}

export interface InfoResult {
  readonly peerId: string
  readonly status: 'initializing' | 'unregistered' | 'registered' | 'logged-in'
  readonly version: string
  readonly role: 'bootstrap' | 'principal' | 'worker'
  readonly name: string
  readonly chainId: string
  readonly enigma: Address
  readonly deploymentBlockHash: Hash // keys the caches of clients and workers
  readonly confirmations: number // CONF of the network
  readonly epoch: number
  readonly operator: Address
  readonly mode: string // 'simulation'
  readonly simulation: boolean
  readonly isolation: string // 'bubblewrap' or 'process-only'
  readonly measurement: Hash
  readonly attested: AttestedJson | null // this node's enclave
  readonly principal: AttestedJson | null
  readonly peers: number
}

export interface GetWorkerEncryptionKeyParams {
  readonly scAddr: ScAddr
  readonly epoch: number
}
export interface SeatJson {
  readonly k: number
  readonly index: number
  readonly operator: Address
  readonly signer: Address
  readonly stake: string // grains
  readonly path: readonly { readonly hash: Hash; readonly sum: string }[] // siblings, bottom up
  readonly encKey?: Key32
  readonly encKeySig?: Hex
  readonly attested?: AttestedJson
}
export interface GetWorkerEncryptionKeyResult {
  readonly epoch: number
  readonly seats: readonly SeatJson[]
}

export interface SendTaskInputParams {
  readonly envelope: Hex
}
export interface DeploySecretContractParams extends SendTaskInputParams {
  readonly bytecode: Hex
}
export interface StoredResult {
  readonly inputHash: Hash
  readonly stored: readonly Address[] // signers of the seat holders that have the input on disk
}

export interface TaskParams {
  readonly taskId: TaskId
}
export interface TaskEvent {
  readonly stage: TaskStage
  readonly block?: number
  readonly signer?: Address // of the seat it comes from
  readonly signature?: Hex // of TaskAccepted, for stage `accepted`
  readonly detail?: string
}
export interface TaskStatusResult {
  readonly taskId: TaskId
  readonly status: NetworkTaskStatus
  readonly chainStatus: number // TaskStatus
  readonly events: readonly TaskEvent[] // what is known so far, in order of stages
}
export interface ReceiptJson {
  readonly taskId: TaskId
  readonly scAddr: ScAddr
  readonly kind: number
  readonly ok: boolean
  readonly reason: number
  readonly codeHash: Hash
  readonly inputHash: Hash
  readonly gasLimit: string
  readonly epoch: number
  readonly recordBlock: number
  readonly recordTime: number
  readonly prevHead: Hash
  readonly deltaHash: Hash
  readonly outputHash: Hash
  readonly gasUsed: string
  readonly callbackTarget: Address
  readonly callbackDataHash: Hash
  readonly callbackGas: number
}
export interface TaskResultResult {
  readonly taskId: TaskId
  readonly receipt: ReceiptJson
  readonly signature: Hex // of the enclave over the receipt's EIP-712 digest
  readonly result: Hex // ciphertext of the output or of the error
  readonly log: Hex // ciphertext of the log; 0x for a failure
  readonly trace: Hex // ciphertext of the trace; 0x unless it was asked for
}

/** A read-only call (R8). The envelope names contract, asker and epoch; the signature is over EIP-712 Query. */
export interface QueryContractParams {
  readonly envelope: Hex
  readonly notAfter: number // seconds
  readonly signature: Hex
}
export interface QueryContractResult {
  readonly answer: {
    readonly envelopeHash: Hash
    readonly outputHash: Hash
    readonly scAddr: ScAddr
    readonly deltaCount: number
    readonly headHash: Hash
    readonly block: number
  }
  readonly signature: Hex // of the seat's enclave over EIP-712 QueryAnswer
  readonly result: Hex // ciphertext of the outcome
}

/** Method name -> parameters and result. getTaskResult answers null while there is none. */
export interface RpcMethods {
  getInfo: [Record<string, never>, InfoResult]
  getWorkerEncryptionKey: [GetWorkerEncryptionKeyParams, GetWorkerEncryptionKeyResult]
  deploySecretContract: [DeploySecretContractParams, StoredResult]
  sendTaskInput: [SendTaskInputParams, StoredResult]
  getTaskStatus: [TaskParams, TaskStatusResult]
  getTaskResult: [TaskParams, TaskResultResult | null]
  queryContract: [QueryContractParams, QueryContractResult]
  /** WebSocket only. Answers a subscription id; notifications are `taskEvent` with {subscription, event}. */
  subscribeTask: [TaskParams, string]
  unsubscribeTask: [{ readonly subscription: string }, boolean]
  /** The OpenRPC document. */
  'rpc.discover': [Record<string, never>, object]
}
export type RpcMethodName = keyof RpcMethods

export interface RpcErrorData {
  readonly code: string
  readonly hint?: string
  /** The documented number, where there is one: 44 for whoever asks too often. */
  readonly status?: number
  /** With status 44. */
  readonly retryAfterSeconds?: number
}
