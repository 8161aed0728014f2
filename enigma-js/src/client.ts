import { hash, type Address, type InfoResult, type ScAddr } from '@enigma/protocol'
import { openAccount, type Account, type AccountOptions } from './account/account.ts'
import type {
  ConstructorArgs,
  FunctionArgs,
  FunctionName,
  FunctionResult,
  SecretContractAbi
} from '@enigma/protocol/secret-abi'
import {
  compute,
  deploy,
  openTask,
  readScAddr,
  resumeTasks,
  taskState,
  type Artifact,
  type TaskOptions,
  type TaskState
} from './actions.ts'
import { enterNetwork, evidenceRules, openCache, openChain, type NetworkOptions } from './connect.ts'
import { contractHandle, type ContractHandle } from './contract.ts'
import { networkView, type NetworkView } from './network/network.ts'
import { QueryKeys, type QueryKeyOptions } from './query/query-keys.ts'
import { query, type CertifiedResult, type QueryOptions } from './query/query.ts'
import { Workers } from './rpc/workers.ts'
import { SeatFinder } from './seats/find.ts'
import type { Session, Timeouts } from './session.ts'
import { defaultStorage, type ClientStorage } from './storage/storage.ts'
import { inspectTask, type TaskInspection } from './task/inspect.ts'
import type { TaskProgress } from './task/progress.ts'
import { refund, type Refund } from './task/refund.ts'
import { TaskStore } from './task/store.ts'
import type { Task } from './task/task.ts'
import { watchTask, type WatchOptions } from './task/watch.ts'
import { Mutex } from './waiting.ts'

export type ClientOptions = AccountOptions & {
  readonly network: NetworkOptions
  /** Default: localStorage in a page, memory elsewhere. */
  readonly storage?: ClientStorage
  readonly timeouts?: Partial<Timeouts>
  /** Takes the rare sentence that is no error. Default: console.warn. */
  readonly onNotice?: (sentence: string) => void
}

/** A connection to one Enigma network. Everything it returns has been verified against the chain. */
export interface EnigmaClient {
  /** Who pays; null for a client that may only watch. */
  readonly address: Address | null
  readonly chainId: bigint
  readonly enigma: Address
  readonly confirmations: number
  /** What the entry worker said of itself when the client connected. */
  readonly info: InfoResult
  deploy<const A extends SecretContractAbi>(
    artifact: Artifact<A>,
    args: ConstructorArgs<A>,
    options?: TaskOptions
  ): Promise<Task<ScAddr>>
  compute<const A extends SecretContractAbi, N extends FunctionName<A>>(
    scAddr: string,
    abi: A,
    name: N,
    args: FunctionArgs<A, N>,
    options?: TaskOptions
  ): Promise<Task<FunctionResult<A, N>>>
  contract<const A extends SecretContractAbi>(scAddr: string, abi: A): ContractHandle<A>
  /** A read-only call with what certifies its answer. `contract(...).query` gives the value alone. */
  query<const A extends SecretContractAbi, N extends FunctionName<A>>(
    scAddr: string,
    abi: A,
    name: N,
    args: FunctionArgs<A, N>,
    options?: QueryOptions
  ): Promise<CertifiedResult<FunctionResult<A, N>>>
  /**
   * Has a wallet permit queries of a contract to a key of this client, for a while and for some functions or all. Without it the first
   * query asks, for an hour and all functions. A client that holds its own key needs no permit.
   */
  allowQueries(scAddr: string, options?: QueryKeyOptions): Promise<{ readonly expiresAtSeconds: number }>
  /** Any task's stages, live, to `final` or `failed`. */
  watchTask(taskId: string, options?: WatchOptions): AsyncGenerator<TaskProgress, unknown>
  /** What the chain says of any task. */
  getTask(taskId: string): Promise<TaskState>
  /** A handle for a task that this client, or an earlier one with the same storage, sent. */
  task(taskId: string): Promise<Task>
  /** Handles for all tasks in the storage: what a reloaded page goes on with. */
  resume(): Promise<Task[]>
  /** What each party has seen of a task. */
  inspect(taskId: string, options?: WatchOptions): Promise<TaskInspection>
  /** Workers, epoch and receipts, for whoever wants to show them. */
  readonly network: NetworkView
  /** Sends the fee of an expired task back to its sender. */
  refund(taskId: string, options?: WatchOptions): Promise<Refund>
  close(): void
}

const DEFAULT_TIMEOUTS: Timeouts = {
  pollMs: 1_000,
  transactionMs: 180_000,
  stalledMs: 120_000,
  resultMs: 60_000
}
/** Blocks come every second there. */
const DEVELOPMENT_POLL_MS = 250

/**
 * Connects to an Enigma network, and checks it first: chain, contract, mode, and the evidence of the entry worker.
 *
 * @throws CHAIN_UNREACHABLE, CHAIN_FOREIGN, ENIGMA_NOT_FOUND, ENIGMA_MODE_FOREIGN, EVIDENCE_*, WORKER_UNREACHABLE, CLIENT_SETTING
 */
export async function createEnigmaClient(options: ClientOptions): Promise<EnigmaClient> {
  const { session, info } = await openSession(options)
  return clientOf(session, session.account, info)
}

/** What a client is made of. */
export interface OpenedSession {
  readonly session: Session
  readonly info: InfoResult
  /** In which the contract was deployed: nothing happened before. */
  deploymentBlock(): Promise<number>
}

/** Connects and checks, as `createEnigmaClient` does. */
export async function openSession(options: ClientOptions): Promise<OpenedSession> {
  const { network, storage = defaultStorage(), onNotice = sentence => console.warn(sentence) } = options
  const account = await openAccount(options)
  try {
    const chain = await openChain(account, network)
    const workers = new Workers(typeof network.rpc === 'string' ? [network.rpc] : network.rpc)
    const rules = evidenceRules(chain, network)
    const { info, deploymentBlockHash, confirmations } = await enterNetwork(chain, workers, rules, network)
    const prefix = await openCache(chain, storage, deploymentBlockHash, onNotice)
    const pollMs = confirmations === 1 ? DEVELOPMENT_POLL_MS : DEFAULT_TIMEOUTS.pollMs
    const session: Session = {
      account,
      chain,
      domain: { chainId: chain.chainId, enigma: chain.enigma },
      workers,
      seats: new SeatFinder(chain, workers, rules),
      store: new TaskStore(storage, prefix),
      queryKeys: new QueryKeys(account, { chainId: chain.chainId, enigma: chain.enigma }),
      confirmations,
      timeouts: { ...DEFAULT_TIMEOUTS, pollMs, ...options.timeouts },
      submitting: new Mutex(),
      permits: new Map()
    }
    return { session, info, deploymentBlock: () => chain.blockOf(deploymentBlockHash) }
  } catch (error) {
    account.close()
    throw error
  }
}

function clientOf(session: Session, account: Account, info: InfoResult): EnigmaClient {
  const { chain, confirmations } = session
  return {
    address: account.address,
    chainId: chain.chainId,
    enigma: chain.enigma,
    confirmations,
    info,
    deploy: (artifact, args, options = {}) => deploy(session, artifact, args, options),
    compute: (scAddr, abi, name, args, options = {}) => compute(session, scAddr, abi, name, args, options),
    contract(scAddr, abi) {
      const address = readScAddr(scAddr)
      const entries: SecretContractAbi = abi
      return contractHandle(
        address,
        abi,
        (name, args, options) => compute(session, address, entries, name, args, options),
        async (name, args, options) => (await query(session, address, entries, name, args, options)).value
      )
    },
    query: (scAddr, abi, name, args, options) =>
      query(session, readScAddr(scAddr), abi, name, args, options) as Promise<CertifiedResult<never>>,
    async allowQueries(scAddr, options) {
      const { timeSeconds } = await chain.latestBlock()
      const { expiry } = await session.queryKeys.open(readScAddr(scAddr), timeSeconds, options)
      return { expiresAtSeconds: expiry ?? timeSeconds }
    },
    watchTask: (id, options) => watchTask(session, id, options),
    getTask: id => taskState(session, id),
    task: id => openTask(session, id),
    resume: () => resumeTasks(session),
    inspect: (id, options) => inspectTask(session, id, options),
    network: networkView(session, hash(info.deploymentBlockHash)),
    refund: (id, options) => refund(session, id, options),
    close: () => account.close()
  }
}
