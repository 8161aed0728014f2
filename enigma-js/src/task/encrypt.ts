import {
  TaskKind,
  ZERO_HASH,
  codeHashOf,
  sealTaskInput,
  toHex,
  type Address,
  type Hash,
  type Hex,
  type ScAddr
} from '@enigma/protocol'
import type { EncodedCall } from '@enigma/protocol/secret-abi'
import { encodeCall } from '../chain/contracts.ts'
import type { Session } from '../session.ts'
import type { Seats } from '../seats/seats.ts'
import type { Payment } from './permit.ts'
import type { StoredTask } from './store.ts'

/** What is to be computed, before anybody else sees of it. */
export interface PlainTask {
  readonly sender: Address
  readonly scAddr: ScAddr
  readonly bytecode: Uint8Array | null // of a deployment
  readonly call: EncodedCall
  /** Ask for a trace of the run; only this client can read it. */
  readonly trace: boolean
}

/** Ready to be delivered. */
export type EncryptedTask = StoredTask & { readonly envelope: Hex }

/** Kept of an envelope when its task is over. */
const SAMPLE_BYTES = 64

/** Encrypts a call to the seats whose keys are known (R3). */
export function encryptTask(
  { domain }: Session,
  { sender, scAddr, bytecode, call, trace }: PlainTask,
  { epoch, recipients, signers }: Seats
): EncryptedTask {
  const kind = bytecode === null ? TaskKind.compute : TaskKind.deploy
  const codeHash = bytecode === null ? ZERO_HASH : codeHashOf(bytecode)
  const { envelope, inputHash, cek } = sealTaskInput({ ...domain, kind, scAddr, codeHash, sender, epoch }, recipients, {
    trace,
    callData: call.data
  })
  return {
    inputHash,
    cek: toHex(cek),
    envelope: toHex(envelope),
    ciphertextSample: toHex(envelope.slice(-SAMPLE_BYTES)),
    envelopeBytes: envelope.length,
    kind,
    scAddr,
    sender,
    epoch,
    seats: signers,
    trace,
    fragment: call.fragment,
    taskId: null,
    transactionHash: null,
    createdAtMs: Date.now()
  }
}

/** What a record says and pays. */
export interface RecordTerms {
  readonly bytecode: Uint8Array | null
  readonly gasLimit: bigint
  readonly gasPx: bigint // grains
  /** Of the sender, for a deployment. */
  readonly nonce: number | null
}

/** Call data of the record's transaction (R2). */
export function recordCall(
  task: StoredTask,
  { bytecode, gasLimit, gasPx, nonce }: RecordTerms,
  payment: Payment
): string {
  const first: Hash | ScAddr = bytecode === null ? task.scAddr : codeHashOf(bytecode)
  const terms = [first, task.inputHash, gasLimit, gasPx, task.epoch, ...(nonce === null ? [] : [nonce])]
  const name = bytecode === null ? 'createTaskRecord' : 'createDeploymentTaskRecord'
  if (payment.kind === 'allowance') return encodeCall(name, terms)
  const { deadline, v, r, s } = payment
  return encodeCall(`${name}WithPermit`, [...terms, deadline, v, r, s])
}
