import { TypedDataEncoder, type TypedDataField } from 'ethers'
import { fromHex, toHex } from './bytes.ts'
import { digestOf, structHash, type StructHash } from './typed-hash.ts'
import type { Address, Hash, Key32, ScAddr, TaskId } from './ids.ts'

/** The contract a message is bound to. */
export interface Domain {
  readonly chainId: bigint
  readonly enigma: Address
}

/** An enclave's encryption key for one epoch (R3). */
export interface EncryptionKey {
  readonly epoch: number
  readonly key: Key32
}

/** The principal's word that opens an epoch (R1). */
export interface EpochUpdate {
  readonly d: number
  readonly seed: Hash
  readonly nextCommit: Hash
  readonly generation: number
}

/** An enclave can open the input, holds the state and has seen the record (R4). */
export interface TaskAccepted {
  readonly taskId: TaskId
  readonly inputHash: Hash
  readonly recordBlock: number
}

/** The outcome of a task (R7). No signer and no seat in it: every seat signs the same. */
export interface Receipt {
  readonly taskId: TaskId
  readonly scAddr: ScAddr
  readonly kind: number
  readonly ok: boolean
  readonly reason: number // FailureReason, 0 when ok
  readonly codeHash: Hash
  readonly inputHash: Hash
  readonly gasLimit: bigint
  readonly epoch: number
  readonly recordBlock: number
  readonly recordTime: number // seconds
  readonly prevHead: Hash
  readonly deltaHash: Hash // 0: nothing written
  readonly outputHash: Hash
  readonly gasUsed: bigint
  readonly callbackTarget: Address
  readonly callbackDataHash: Hash
  readonly callbackGas: number
}

export interface TaskView {
  readonly taskId: TaskId
  readonly kind: number
  readonly sender: Address
  readonly inputHash: Hash
  readonly gasLimit: bigint
  readonly epoch: number
  readonly generation: number // of the state key, from the EpochUpdate of the task's epoch (R9)
  readonly recordBlock: number
  readonly recordTime: number
  readonly status: number // TaskStatus
  readonly receiptBlock: number // 0: none
  readonly receiptDigest: Hash // 0: none
}

export interface ContractView {
  readonly scAddr: ScAddr
  readonly codeHash: Hash // before deployment: that of the deployment's record
  readonly deltaCount: number
  readonly headHash: Hash
  readonly tasks: readonly TaskView[]
}

/** What an enclave believes of the chain (R5). */
export interface ChainView {
  readonly nonce: Hash
  readonly block: number
  readonly blockHash: Hash
  readonly time: number // seconds
  readonly epoch: number
  readonly epochStart: number
  readonly previousEnd: number // last block in which records of the previous epoch are accepted
  readonly generation: number
  readonly contracts: readonly ContractView[]
}

/** A read-only call (R8). */
export interface Query {
  readonly scAddr: ScAddr
  readonly envelopeHash: Hash
  readonly notAfter: number
}

export interface QueryAnswer {
  readonly envelopeHash: Hash
  readonly outputHash: Hash
  readonly scAddr: ScAddr
  readonly deltaCount: number
  readonly headHash: Hash
  readonly block: number
}

/** A certified encrypted state at one head (R10). */
export interface Snapshot {
  readonly scAddr: ScAddr
  readonly deltaCount: number
  readonly headHash: Hash
  readonly contentHash: Hash
}

/** One permit format for secret contracts and the data platform. */
export interface Permit {
  readonly issuer: Address
  readonly grantee: Address
  readonly scope: Hash // dataset id or scAddr
  readonly ops: Hash // opsHashOf(names)
  readonly notBefore: number
  readonly expiry: number
  readonly maxUses: number
  readonly nonce: Hash
}

interface Messages {
  EncryptionKey: EncryptionKey
  EpochUpdate: EpochUpdate
  TaskAccepted: TaskAccepted
  Receipt: Receipt
  ChainView: ChainView
  Query: Query
  QueryAnswer: QueryAnswer
  Snapshot: Snapshot
  Permit: Permit
}
export type MessageName = keyof Messages

const fields = (signature: string): TypedDataField[] =>
  signature.split(',').map(part => {
    const [type, name] = part.trim().split(' ') as [string, string]
    return { name, type }
  })

const taskView = fields(
  'bytes32 taskId,uint8 kind,address sender,bytes32 inputHash,uint64 gasLimit,uint64 epoch,uint32 generation,uint64 recordBlock,uint64 recordTime,uint8 status,uint64 receiptBlock,bytes32 receiptDigest'
)
const contractView = fields('bytes32 scAddr,bytes32 codeHash,uint64 deltaCount,bytes32 headHash,TaskView[] tasks')

/** The EIP-712 types, by the name of their primary type. Wallets are given these to sign. */
export const EIP712_TYPES: Record<MessageName, Record<string, TypedDataField[]>> = {
  EncryptionKey: { EncryptionKey: fields('uint64 epoch,bytes32 key') },
  EpochUpdate: { EpochUpdate: fields('uint64 d,bytes32 seed,bytes32 nextCommit,uint32 generation') },
  TaskAccepted: { TaskAccepted: fields('bytes32 taskId,bytes32 inputHash,uint64 recordBlock') },
  Receipt: {
    Receipt: fields(
      'bytes32 taskId,bytes32 scAddr,uint8 kind,bool ok,uint8 reason,bytes32 codeHash,bytes32 inputHash,uint64 gasLimit,uint64 epoch,uint64 recordBlock,uint64 recordTime,bytes32 prevHead,bytes32 deltaHash,bytes32 outputHash,uint64 gasUsed,address callbackTarget,bytes32 callbackDataHash,uint32 callbackGas'
    )
  },
  ChainView: {
    ChainView: fields(
      'bytes32 nonce,uint64 block,bytes32 blockHash,uint64 time,uint64 epoch,uint64 epochStart,uint64 previousEnd,uint32 generation,ContractView[] contracts'
    ),
    ContractView: contractView,
    TaskView: taskView
  },
  Query: { Query: fields('bytes32 scAddr,bytes32 envelopeHash,uint64 notAfter') },
  QueryAnswer: {
    QueryAnswer: fields(
      'bytes32 envelopeHash,bytes32 outputHash,bytes32 scAddr,uint64 deltaCount,bytes32 headHash,uint64 block'
    )
  },
  Snapshot: { Snapshot: fields('bytes32 scAddr,uint64 deltaCount,bytes32 headHash,bytes32 contentHash') },
  Permit: {
    Permit: fields(
      'address issuer,address grantee,bytes32 scope,bytes32 ops,uint64 notBefore,uint64 expiry,uint32 maxUses,bytes32 nonce'
    )
  }
}

export const eip712Domain = ({ chainId, enigma }: Domain) => ({
  name: 'Enigma',
  version: '1',
  chainId,
  verifyingContract: enigma as string
})

/** A node speaks of one network; tests of a few. */
const MAX_DOMAINS = 64
const separators = new Map<string, Uint8Array>()

function separatorOf(domain: Domain): Uint8Array {
  const key = `${domain.chainId}/${domain.enigma}`
  const known = separators.get(key)
  if (known) return known
  const made = fromHex(TypedDataEncoder.hashDomain(eip712Domain(domain)))
  if (separators.size >= MAX_DOMAINS) separators.clear()
  separators.set(key, made)
  return made
}

const hashers = new Map<MessageName, StructHash>()

function hasherOf(name: MessageName): StructHash {
  const known = hashers.get(name)
  if (known) return known
  const made = structHash(EIP712_TYPES[name], name)
  hashers.set(name, made)
  return made
}

/** The EIP-712 digest of a message under the network's domain. @throws PROTOCOL_ENCODE for a value that its field cannot hold */
export function typedDigest<N extends MessageName>(domain: Domain, name: N, value: Messages[N]): Hash {
  const message = hasherOf(name)(value as unknown as Readonly<Record<string, unknown>>)
  return toHex(digestOf(separatorOf(domain), message)) as Hash
}
