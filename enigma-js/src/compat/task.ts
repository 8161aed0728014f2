import {
  envelopeCodec,
  fromHex,
  toHex,
  type Address,
  type Hash,
  type Hex,
  type NetworkTaskStatus,
  type TaskResultResult,
  type ScAddr,
  type TaskId
} from '@enigma/protocol'
import type { EncryptedTask } from '../task/encrypt.ts'

/** A task with the fields of the original API. They are filled in as the task goes on; what is not known yet is null. */
export interface LegacyTask {
  scAddr: ScAddr
  /** Function and arguments travel in one envelope here, so these two are the same. */
  encryptedFn: Hex
  encryptedAbiEncodedArgs: Hex
  inputHash: Hash
  gasLimit: bigint
  /** Grains. */
  gasPx: bigint
  msgId: string
  /** The task's own key: every task has another one. */
  userPubKey: Hex
  firstBlockNumber: number
  /** Enclave of the first seat that has a key. */
  workerAddress: Address
  workerEncryptionKey: Hex
  sender: Address
  /** The original carried a signature that nobody checked; the record's transaction is the signature here. */
  userTaskSig: null
  nonce: number
  preCode: Uint8Array | null
  preCodeHash: Hash | null
  isContractDeploymentTask: boolean
  transactionHash: Hex | null
  taskId: TaskId | null
  /** Of the record's transaction. */
  receipt: object | null
  ethStatus: number
  /** The enclave's signature under the receipt that Ethereum accepted. */
  proof: Hex | null
  creationBlockNumber: number | null
  outputHash: Hash | null
  encryptedAbiEncodedOutputs: Hex | null
  /** Hash of the encrypted change of state; the change itself stays with the workers. */
  delta: Hash | null
  usedGas: bigint | null
  /** Hash of the data for the Ethereum contract that is called back. */
  ethereumPayload: Hash | null
  ethereumAddress: Address | null
  workerTaskSig: Hex | null
  engStatus: NetworkTaskStatus
  decryptedOutput: Hex | null
  /** What a worker handed out, as it came. */
  networkResult: TaskResultResult | null
}

export interface LegacyTaskInit {
  readonly encrypted: EncryptedTask
  readonly gasLimit: bigint
  readonly gasPx: bigint
  readonly nonce: number
  readonly preCode: Uint8Array | null
  readonly preCodeHash: Hash | null
  readonly firstBlockNumber: number
  readonly worker: { readonly signer: Address; readonly key: Hex }
}

/** What is secret of a task: never in its fields, which callers print. */
const secrets = new WeakMap<LegacyTask, EncryptedTask>()

export const encryptedOf = (task: LegacyTask): EncryptedTask | undefined => secrets.get(task)

export function legacyTask({ encrypted, worker, ...terms }: LegacyTaskInit): LegacyTask {
  const { envelope, inputHash, scAddr, sender } = encrypted
  const { ephemeralKey } = envelopeCodec.decode(fromHex(envelope)).context
  const task: LegacyTask = {
    ...blank,
    scAddr,
    sender,
    inputHash,
    encryptedFn: envelope,
    encryptedAbiEncodedArgs: envelope,
    gasLimit: terms.gasLimit,
    gasPx: terms.gasPx,
    msgId: toHex(crypto.getRandomValues(new Uint8Array(12))),
    userPubKey: ephemeralKey,
    firstBlockNumber: terms.firstBlockNumber,
    workerAddress: worker.signer,
    workerEncryptionKey: worker.key,
    nonce: terms.nonce,
    preCode: terms.preCode,
    preCodeHash: terms.preCodeHash,
    isContractDeploymentTask: terms.preCode !== null
  }
  secrets.set(task, encrypted)
  return task
}

const blank = {
  userTaskSig: null,
  transactionHash: null,
  taskId: null,
  receipt: null,
  ethStatus: 0,
  proof: null,
  creationBlockNumber: null,
  outputHash: null,
  encryptedAbiEncodedOutputs: null,
  delta: null,
  usedGas: null,
  ethereumPayload: null,
  ethereumAddress: null,
  workerTaskSig: null,
  engStatus: null,
  decryptedOutput: null,
  networkResult: null
} as const
