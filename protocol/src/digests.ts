import { concatBytes, utf8, type Hex } from './bytes.ts'
import { abiEncode, hmacSha256, keccak256, keccakTuple } from './hashing.ts'
import type { Address, Hash, Key32, ScAddr, TaskId } from './ids.ts'
import { toHex } from './bytes.ts'

/** Hashes that Solidity and TypeScript both compute. protocol/vectors/digests.json ties the two. */

/** R2. A deployment's taskId is the address of its secret contract. */
export function taskIdOf(sender: Address, nonce: number | bigint): TaskId {
  return keccakTuple(['address', 'uint256'], [sender, nonce]) as Hex as TaskId
}

/** The terms of a task as they stand in its event and in slot 1 (R2). */
export interface TaskTerms {
  readonly kind: number // 0 deploy, 1 compute
  readonly scAddr: ScAddr
  readonly codeHash: Hash
  readonly inputHash: Hash
  readonly gasLimit: bigint // secret-contract gas
  readonly gasPx: bigint // grains per unit of gas
  readonly epoch: number
}

export function termsHash(t: TaskTerms): Hash {
  return keccakTuple(
    ['uint8', 'bytes32', 'bytes32', 'bytes32', 'uint64', 'uint64', 'uint64'],
    [t.kind, t.scAddr, t.codeHash, t.inputHash, t.gasLimit, t.gasPx, t.epoch]
  )
}

/** Of the bytecode as submitted; metering never enters a hash (R2). */
export const codeHashOf = (bytecode: Uint8Array): Hash => keccak256(bytecode)

/** Commits an envelope to its content key (R3). */
export const cekCommitOf = (cek: Uint8Array): Hash => keccak256(concatBytes(utf8('enigma/cek'), cek))

/** R7: the head after a delta. */
export function nextHead(prevHead: Hash, deltaHash: Hash): Hash {
  return keccakTuple(['bytes32', 'bytes32'], [prevHead, deltaHash])
}

/** Everything a run depends on besides code and state (R6). */
export interface RunFacts {
  readonly chainId: bigint
  readonly enigma: Address
  readonly codeHash: Hash
  readonly prevHead: Hash
  readonly taskId: TaskId
  readonly kind: number
  readonly sender: Address
  readonly inputHash: Hash
  readonly gasLimit: bigint
  readonly recordBlock: number
  readonly recordTime: number // seconds
}

export function runDigestOf(f: RunFacts): Hash {
  return keccakTuple(
    [
      'uint256',
      'address',
      'bytes32',
      'bytes32',
      'bytes32',
      'uint8',
      'address',
      'bytes32',
      'uint64',
      'uint64',
      'uint64'
    ],
    [
      f.chainId,
      f.enigma,
      f.codeHash,
      f.prevHead,
      f.taskId,
      f.kind,
      f.sender,
      f.inputHash,
      f.gasLimit,
      f.recordBlock,
      f.recordTime
    ]
  )
}

/** R1: the secret of epoch call d, and what the call before commits to. */
export function epochSeedOf(root: Uint8Array, chainId: bigint, enigma: Address, d: number): Uint8Array {
  return hmacSha256(root, abiEncode(['string', 'uint256', 'address', 'uint256'], ['seed', chainId, enigma, d]))
}
export const seedCommitOf = (seed: Uint8Array): Hash => keccak256(seed)

export function mixOf(seed: Uint8Array, blockHash: Hash): Hash {
  return keccakTuple(['bytes32', 'bytes32'], [seed, blockHash])
}

/** What a registration report binds (R3). */
export interface Report {
  readonly signer: Address
  readonly transportKey: Key32 // X25519
  readonly operator: Address
  readonly chainId: bigint
  readonly enigma: Address
  readonly principalSigner: Address
  readonly nonce: number // the contract's registration counter of the operator
}

export function reportDataOf(r: Report): Hash {
  return keccakTuple(
    ['string', 'address', 'bytes32', 'address', 'uint256', 'address', 'address', 'uint64'],
    ['enigma/report', r.signer, r.transportKey, r.operator, r.chainId, r.enigma, r.principalSigner, r.nonce]
  )
}

/** Operation names of a permit, sorted, as one hash. */
export function opsHashOf(names: readonly string[]): Hash {
  return keccakTuple(['string'], [[...names].sort().join('\n')])
}

export const hashOfBytes = (bytes: Uint8Array): Hash => toHex(bytes) as Hash
