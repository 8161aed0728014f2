import type { NetworkTaskStatus } from '@enigma/protocol'
import { refund } from '../task/refund.ts'
import { LIBRARY_VERSION } from './version.ts'
import { Admin } from './admin.ts'
import { Connection, type LegacyConfig, type LegacyProvider, type TxDefaults } from './connection.ts'
import * as constants from './constants.ts'
import { emitting, legacyError, type Emitter } from './emitter.ts'
import { obtainKeyPair, setKeyPair, type TaskKeyPair } from './key-pair.ts'
import * as results from './results.ts'
import { selectGroup, workerParams, type WorkerParams } from './selection.ts'
import { createTask, createTaskRecord, runAllSteps, sendResult, type TaskRequest, type TypedArgs } from './steps.ts'
import type { LegacyTask } from './task.ts'

/**
 * The original client's main class: its methods, its events, its names, on this library. New code is better off with
 * `createEnigmaClient`, which decodes results and verifies everything by itself.
 *
 * What is different: input goes to the workers before anything is paid, so `createTaskRecord` delivers it; `sendTaskInput` repeats that.
 * Amounts are bigint. Every error has a `code`; its `name` is the original's. Methods marked E return an `Emitter`, P a promise.
 */
export class Enigma {
  /** A function until it is called; then the Admin object, as in the original. */
  admin: (() => Admin) | Admin
  readonly #connection: Connection

  constructor(
    provider: LegacyProvider,
    enigmaContractAddr: string,
    tokenContractAddr: string,
    rpcAddr: string | readonly string[],
    _txDefaults: TxDefaults = {},
    config: LegacyConfig = {}
  ) {
    this.#connection = new Connection(provider, enigmaContractAddr, tokenContractAddr, rpcAddr, config)
    this.admin = () => {
      const admin = new Admin(this.#connection)
      this.admin = admin
      return admin
    }
  }

  /** E: `createTask`. Encrypts a call: `createTask('add(uint256,uint256)', [[1, 'uint256'], [2, 'uint256']], gasLimit, gasPx, sender, scAddr, false)`. */
  createTask(
    fn: string,
    args: TypedArgs,
    gasLimit: bigint | number,
    gasPx: bigint | number,
    sender: string,
    scAddrOrPreCode: string | Uint8Array,
    isContractDeploymentTask: boolean
  ): Emitter {
    const request = { fn, args, gasLimit, gasPx, sender, target: scAddrOrPreCode, isDeploy: isContractDeploymentTask }
    return emitting(async emitter => {
      const { session } = await this.#connection.open()
      emitter.emit(constants.CREATE_TASK, await createTask(session, request))
    })
  }

  /** E: `createTaskRecordTransactionHash`, `...Receipt`, `...Confirmation`, `createTaskRecord`; error `NotEnoughTokens`. */
  createTaskRecord(task: LegacyTask): Emitter {
    return emitting(async emitter => {
      const { session } = await this.#connection.open()
      emitter.emit(constants.CREATE_TASK_RECORD, await createTaskRecord(session, task, emitter))
    })
  }

  /** E: `deploySecretContractResult` for a deployment, else `sendTaskInputResult`. */
  sendTaskInput(task: LegacyTask): Emitter {
    return emitting(async emitter => {
      const { session } = await this.#connection.open()
      const { DEPLOY_SECRET_CONTRACT_RESULT, SEND_TASK_INPUT_RESULT } = constants
      const event = task.isContractDeploymentTask ? DEPLOY_SECRET_CONTRACT_RESULT : SEND_TASK_INPUT_RESULT
      emitter.emit(event, await sendResult(session, task))
    })
  }

  /** E: all events of the three steps. The task's id is the contract's address. */
  deploySecretContract(
    fn: string,
    args: TypedArgs,
    gasLimit: bigint | number,
    gasPx: bigint | number,
    sender: string,
    preCode: string | Uint8Array,
    maxRetries = 1
  ): Emitter {
    return this.#allSteps({ fn, args, gasLimit, gasPx, sender, target: preCode, isDeploy: true }, maxRetries)
  }

  /** E: all events of the three steps. */
  computeTask(
    fn: string,
    args: TypedArgs,
    gasLimit: bigint | number,
    gasPx: bigint | number,
    sender: string,
    scAddr: string,
    maxRetries = 1
  ): Emitter {
    return this.#allSteps({ fn, args, gasLimit, gasPx, sender, target: scAddr, isDeploy: false }, maxRetries)
  }

  #allSteps(request: TaskRequest, maxRetries: number): Emitter {
    return emitting(async emitter => {
      const { session } = await this.#connection.open()
      await runAllSteps(session, request, maxRetries, emitter)
    })
  }

  /** P: the task with its `ethStatus` as it is now. */
  async getTaskRecordStatus(task: LegacyTask): Promise<LegacyTask> {
    return results.readRecordStatus((await this.#connection.open()).session, task)
  }

  /** P: what the chain says of any task. */
  async getTaskRecordFromTaskId(taskId: string): Promise<Partial<LegacyTask>> {
    return results.recordFromTaskId((await this.#connection.open()).session, taskId)
  }

  /** P: the hash of a task's encrypted output on chain; zero while there is none. */
  async getTaskOutputHash(task: LegacyTask): Promise<string> {
    return results.outputHash((await this.#connection.open()).session, results.requireTaskId(task))
  }

  /** E: `getTaskResultResult`, and one event for the status: `getTaskResultSuccess` and its kin. */
  getTaskResult(task: LegacyTask): Emitter {
    return emitting(async emitter => {
      const { session } = await this.#connection.open()
      await results.fetchResult(session, task, this.#connection.retry, emitter)
    })
  }

  /** P: the task with its `decryptedOutput`: raw bytes as hex, to be decoded by the caller; null, with a warning, if it is empty. */
  async decryptTaskResult(task: LegacyTask): Promise<LegacyTask> {
    const decrypted = await results.decrypt((await this.#connection.open()).session, task)
    if (decrypted.decryptedOutput === null) console.warn('The task has no output.')
    return decrypted
  }

  /** P: whether the encrypted output is the one that the chain names. */
  async verifyTaskOutput(task: LegacyTask): Promise<boolean> {
    return results.outputIsRecorded((await this.#connection.open()).session, task)
  }

  /** P: whether the chain holds a good receipt for the task. */
  async verifyTaskStatus(task: LegacyTask): Promise<boolean> {
    return results.isVerified((await this.#connection.open()).session, task)
  }

  /** E: `pollTaskStatusResult` with every answer, until the network has settled the task; then, if wanted, the events of `getTaskResult`. */
  pollTaskStatus(task: LegacyTask, withResult = false): Emitter {
    return emitting(async emitter => {
      const { session } = await this.#connection.open()
      await results.pollStatus(session, task, now => emitter.emit(constants.POLL_TASK_STATUS_RESULT, now))
      if (withResult) await results.fetchResult(session, task, this.#connection.retry, emitter)
    })
  }

  /** P: the task once its status on Ethereum has left 1, or some blocks after its deadline. */
  async pollTaskETH(task: LegacyTask, interval = 1_000): Promise<LegacyTask> {
    return results.pollEthereum((await this.#connection.open()).session, task, interval)
  }

  /** E: `returnFeesForTaskReceipt` with the refund; error `InvalidTaskReturn` before the deadline. */
  returnFeesForTask(task: LegacyTask): Emitter {
    return emitting(async emitter => {
      const { session } = await this.#connection.open()
      const returned = await refund(session, results.requireTaskId(task))
      emitter.emit(constants.RETURN_FEES_FOR_TASK_TRANSACTION_HASH, returned.transactionHash)
      emitter.emit(constants.RETURN_FEES_FOR_TASK_RECEIPT, returned)
      emitter.emit(constants.RETURN_FEES_FOR_TASK_CONFIRMATION, 1, returned)
    })
  }

  /** P: a worker's evidence, by its operating address; null if it does not answer. */
  async getReport(custodian: string): Promise<object | null> {
    return results.reportOf((await this.#connection.open()).session, custodian)
  }

  /** P: the workers that could be drawn in the epoch of a block, checked against the contract's root. */
  async getWorkerParams(block: number): Promise<WorkerParams> {
    const { session, deploymentBlock } = await this.#connection.open()
    return workerParams(session.chain, await deploymentBlock(), block)
  }

  /** Enclaves drawn for a contract. The original used the first one; here the first three hold seats. */
  selectWorkerGroup(scAddr: string, params: WorkerParams, workerGroupSize = 5): readonly string[] {
    return selectGroup(scAddr, params, workerGroupSize)
  }

  /** P: the key pair of this client, made at the first call. */
  obtainTaskKeyPair(): Promise<TaskKeyPair> {
    return obtainKeyPair(this.#connection.storage)
  }

  /** P: a new key pair, from a seed if there is one. */
  setTaskKeyPair(seed = ''): Promise<TaskKeyPair> {
    return setKeyPair(this.#connection.storage, seed)
  }

  /** What of a task goes to a worker. */
  static serializeTask(task: LegacyTask): Readonly<Record<string, unknown>> {
    const {
      encryptedFn,
      encryptedAbiEncodedArgs: encryptedArgs,
      userPubKey: userDHKey,
      workerAddress,
      scAddr,
      taskId
    } = task
    const both = { encryptedArgs, encryptedFn, userDHKey, contractAddress: scAddr, workerAddress }
    return task.isContractDeploymentTask
      ? { preCode: task.preCode, gasLimit: task.gasLimit, ...both }
      : { taskId, ...both }
  }

  version(): string {
    return LIBRARY_VERSION
  }

  /** Ends the connection. */
  async close(): Promise<void> {
    const opened = await this.#connection.open().catch(() => null)
    opened?.session.account.close()
  }

  /** Statuses by name, for callers who show them. */
  static readonly statuses: readonly NetworkTaskStatus[] = [
    null,
    'UNVERIFIED',
    'INPROGRESS',
    'SUCCESS',
    'FAILED',
    'ETHEREUMFAILURE'
  ]
  /** Turns any error of this library into one with the original's name. */
  static readonly legacyError = legacyError
}
