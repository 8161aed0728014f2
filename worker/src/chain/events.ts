import { AbiCoder, type EventFragment, type ParamType } from 'ethers'
import { address, fromHex, hash, key32, scAddr, taskId } from '@enigma/protocol'
import type { Address, Hash, Key32, ScAddr, StakeLeaf, TaskId } from '@enigma/protocol'
import { enigmaInterface } from './enigma-abi.ts'
import type { RawLog } from './quantities.ts'
import { wordsReader } from './static-words.ts'

/** The events of Enigma that the index is made of, in our types. */
export type EnigmaEvent =
  | {
      readonly type: 'principal-registered'
      readonly signer: Address
      readonly transportKey: Key32
      readonly evidence: Uint8Array
    }
  | {
      readonly type: 'worker-registered'
      readonly operator: Address
      readonly staking: Address
      readonly signer: Address
      readonly transportKey: Key32
      readonly nonce: number
      readonly evidence: Uint8Array
    }
  | { readonly type: 'logged-in'; readonly operator: Address }
  | { readonly type: 'logged-out'; readonly operator: Address }
  | { readonly type: 'unregistered'; readonly operator: Address }
  | { readonly type: 'leaf'; readonly leaf: StakeLeaf }
  | { readonly type: 'epoch-called'; readonly d: number; readonly root: Hash; readonly total: bigint }
  | {
      readonly type: 'epoch-started'
      readonly epoch: number
      readonly d: number
      readonly mix: Hash
      readonly root: Hash
      readonly total: bigint
      readonly startBlock: number
      readonly generation: number
    }
  | {
      readonly type: 'task-recorded'
      readonly taskId: TaskId
      readonly sender: Address
      readonly scAddr: ScAddr
      readonly kind: number
      readonly codeHash: Hash
      readonly inputHash: Hash
      readonly gasLimit: bigint
      readonly gasPx: bigint
      readonly epoch: number
    }
  | { readonly type: 'fee-returned'; readonly taskId: TaskId }
  | { readonly type: 'deployed'; readonly scAddr: ScAddr; readonly codeHash: Hash }
  | {
      readonly type: 'verified'
      readonly taskId: TaskId
      readonly scAddr: ScAddr
      readonly operator: Address
      readonly deltaHash: Hash
      readonly outputHash: Hash
      readonly headHash: Hash
      readonly deltaCount: number
      readonly gasUsed: bigint
      readonly digest: Hash
    }
  | {
      readonly type: 'failed' // in the enclave, or afterwards in its callback
      readonly inCallback: boolean
      readonly taskId: TaskId
      readonly scAddr: ScAddr
      readonly operator: Address
      readonly reason: number // FailureReason; of a callback 1 forbidden, 2 no contract, 3 reverted
      readonly outputHash: Hash
      readonly gasUsed: bigint
      readonly digest: Hash
    }

type Fields = Record<string, unknown>
const str = (value: unknown): string => String(value)

/** Event name -> our type. An event that is not here does not change the index. */
const decoders: Record<string, (f: Fields) => EnigmaEvent> = {
  PrincipalRegistered: f => ({
    type: 'principal-registered',
    signer: address(str(f['signer'])),
    transportKey: key32(str(f['transportKey'])),
    evidence: fromHex(str(f['evidence']))
  }),
  WorkerRegistered: f => ({
    type: 'worker-registered',
    operator: address(str(f['operator'])),
    staking: address(str(f['staking'])),
    signer: address(str(f['signer'])),
    transportKey: key32(str(f['transportKey'])),
    nonce: Number(f['nonce']),
    evidence: fromHex(str(f['evidence']))
  }),
  LoggedIn: f => ({ type: 'logged-in', operator: address(str(f['operator'])) }),
  LoggedOut: f => ({ type: 'logged-out', operator: address(str(f['operator'])) }),
  Unregistered: f => ({ type: 'unregistered', operator: address(str(f['operator'])) }),
  StakeLeafUpdated: f => ({
    type: 'leaf',
    leaf: {
      index: Number(f['index']),
      operator: address(str(f['operator'])),
      signer: address(str(f['signer'])),
      stake: f['stake'] as bigint
    }
  }),
  EpochCalled: f => ({
    type: 'epoch-called',
    d: Number(f['d']),
    root: hash(str(f['root'])),
    total: f['total'] as bigint
  }),
  EpochStarted: f => ({
    type: 'epoch-started',
    epoch: Number(f['epoch']),
    d: Number(f['d']),
    mix: hash(str(f['mix'])),
    root: hash(str(f['root'])),
    total: f['total'] as bigint,
    startBlock: Number(f['startBlock']),
    generation: Number(f['generation'])
  }),
  TaskRecordCreated: f => ({
    type: 'task-recorded',
    taskId: taskId(str(f['taskId'])),
    sender: address(str(f['sender'])),
    scAddr: scAddr(str(f['scAddr'])),
    kind: Number(f['kind']),
    codeHash: hash(str(f['codeHash'])),
    inputHash: hash(str(f['inputHash'])),
    gasLimit: f['gasLimit'] as bigint,
    gasPx: f['gasPx'] as bigint,
    epoch: Number(f['epoch'])
  }),
  TaskFeeReturned: f => ({ type: 'fee-returned', taskId: taskId(str(f['taskId'])) }),
  SecretContractDeployed: f => ({
    type: 'deployed',
    scAddr: scAddr(str(f['scAddr'])),
    codeHash: hash(str(f['codeHash']))
  }),
  ReceiptVerified: f => ({
    type: 'verified',
    taskId: taskId(str(f['taskId'])),
    scAddr: scAddr(str(f['scAddr'])),
    operator: address(str(f['operator'])),
    deltaHash: hash(str(f['deltaHash'])),
    outputHash: hash(str(f['outputHash'])),
    headHash: hash(str(f['headHash'])),
    deltaCount: Number(f['deltaCount']),
    gasUsed: f['gasUsed'] as bigint,
    digest: hash(str(f['receiptDigest']))
  }),
  ReceiptFailed: f => failure(f, Number(f['reason']), false),
  ReceiptFailedETH: f => failure(f, Number(f['callbackFailure']), true)
}

const failure = (f: Fields, reason: number, inCallback: boolean): EnigmaEvent => ({
  type: 'failed',
  inCallback,
  reason,
  taskId: taskId(str(f['taskId'])),
  scAddr: scAddr(str(f['scAddr'])),
  operator: address(str(f['operator'])),
  outputHash: hash(str(f['outputHash'])),
  gasUsed: f['gasUsed'] as bigint,
  digest: hash(str(f['receiptDigest']))
})

interface EventShape {
  readonly name: string
  /** Names of the indexed fields, one word each, and of the others. */
  readonly names: readonly string[]
  readonly readIndexed: (data: string) => Iterable<unknown>
  readonly readOthers: (data: string) => Iterable<unknown>
}

const coder = AbiCoder.defaultAbiCoder()
const readerOf = (fields: readonly ParamType[]): ((data: string) => Iterable<unknown>) =>
  wordsReader(fields.map(({ type }) => type)) ?? (data => coder.decode(fields, data))

/** By topic, prepared once: a general parser compares the hash of every event there is with each log. */
const shapes: ReadonlyMap<string, EventShape> = new Map(
  enigmaInterface.fragments
    .filter(
      (fragment): fragment is EventFragment =>
        fragment.type === 'event' && Object.hasOwn(decoders, (fragment as EventFragment).name)
    )
    .map(({ name, topicHash, inputs }) => {
      const indexed = inputs.filter(field => field.indexed)
      const others = inputs.filter(field => !field.indexed)
      const names = [...indexed, ...others].map(field => field.name)
      return [topicHash, { name, names, readIndexed: readerOf(indexed), readOthers: readerOf(others) }]
    })
)

/** @returns null for an event that does not matter here. */
export function decodeEvent({ topics, data }: Pick<RawLog, 'topics' | 'data'>): EnigmaEvent | null {
  const shape = shapes.get(topics[0] ?? '')
  if (!shape) return null
  const { name, names, readIndexed, readOthers } = shape
  const words = `0x${topics
    .slice(1)
    .map(topic => topic.slice(2))
    .join('')}`
  const values = [...readIndexed(words), ...readOthers(data)]
  return decoders[name]!(Object.fromEntries(names.map((field, i) => [field, values[i]])))
}
