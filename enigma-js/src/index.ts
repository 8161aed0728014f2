/** enigma-js: computes on secrets through an Enigma network, from browsers and Node.js. docs/spec/client.md */
export { createEnigmaClient, type ClientOptions, type EnigmaClient } from './client.ts'
export { createChainClient, type ChainClient, type ChainClientOptions } from './chain-client.ts'
export type { AccountOptions } from './account/account.ts'
export { discoverWallets, type Wallet } from './account/wallets.ts'
export type { Artifact, TaskOptions, TaskState } from './actions.ts'
export type { NetworkOptions } from './connect.ts'
export type { ContractHandle } from './contract.ts'
export { AbiError, type AbiFailure } from '@enigma/protocol/secret-abi'
export type {
  AbiEntry,
  AbiParameter,
  FunctionArgs,
  FunctionResult,
  SecretContractAbi
} from '@enigma/protocol/secret-abi'
export { ClientError, TaskFailedError, WorkerRefusal, type ClientFailure, type TaskFailure } from './errors.ts'
export type { Balance, EpochStatus, NetworkView, ReceiptQuery, WorkerStatus } from './network/network.ts'
export type { ReceiptSummary } from './network/receipts.ts'
export type { WorkerRecord } from './network/roster.ts'
export type { Standing } from './network/standings.ts'
export type { QueryKeyOptions } from './query/query-keys.ts'
export type { CertifiedResult, QueryOptions } from './query/query.ts'
export { callWorker } from './rpc/call.ts'
export type { Seat } from './seats/seats.ts'
export type { Timeouts } from './session.ts'
export { memoryStorage, webStorage, type ClientStorage } from './storage/storage.ts'
export { inEng } from './task/amounts.ts'
export type { TaskInspection } from './task/inspect.ts'
export type { TaskProgress } from './task/progress.ts'
export type { Refund } from './task/refund.ts'
export type { Task } from './task/task.ts'
export type { Finished, WatchOptions } from './task/watch.ts'
export { TypedContract } from './typed-contract.ts'
export {
  EnigmaError,
  codeOf,
  type Address,
  type Hash,
  type Hex,
  type ScAddr,
  type TaskId,
  type TaskTrace
} from '@enigma/protocol'
