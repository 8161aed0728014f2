import type { Log } from 'ethers'
import {
  ZERO_HASH,
  codeHashOf,
  codeOf,
  fromHex,
  scAddr as scAddrFrom,
  taskIdOf,
  type Hex,
  type ScAddr
} from '@enigma/protocol'
import { encodeCall, encodeConstructor } from '@enigma/protocol/secret-abi'
import { requirePayer, type Payer } from '../account/account.ts'
import { readScAddr } from '../actions.ts'
import { revertOf } from '../chain/revert.ts'
import { recordedIn } from '../chain/tasks.ts'
import { ClientError } from '../errors.ts'
import type { Session } from '../session.ts'
import { deliver, isForOtherKeys } from '../task/deliver.ts'
import { encryptTask, recordCall, type EncryptedTask } from '../task/encrypt.ts'
import { arrangePayment, fundsOf, requireBalance } from '../task/payment.ts'
import { refusedError, requireGas, unknownContract } from '../task/refusals.ts'
import { sleep } from '../waiting.ts'
import { ETH_STATUS_CREATED } from './constants.ts'
import type { Emitter } from './emitter.ts'
import { encryptedOf, legacyTask, type LegacyTask } from './task.ts'
import { sendTelling } from './transactions.ts'

/** Arguments as the original took them: `[[value, 'uint256'], ...]`. */
export type TypedArgs = readonly (readonly [value: unknown, type: string])[]

export interface TaskRequest {
  readonly fn: string
  readonly args: TypedArgs
  readonly gasLimit: bigint | number
  readonly gasPx: bigint | number
  readonly sender: string
  /** The address of a contract, or the bytecode of one to deploy. */
  readonly target: string | Uint8Array
  readonly isDeploy: boolean
}

/** Takes 250,000 with a permit; what is not used is not paid. */
const RECORD_GAS = 500_000n

/** Encrypts a call to the seats of its contract. Nothing is sent yet. */
export async function createTask(session: Session, request: TaskRequest): Promise<LegacyTask> {
  const { chain } = session
  const payer = requireSender(session, request.sender)
  const gasLimit = BigInt(request.gasLimit)
  const gasPx = BigInt(request.gasPx)
  requireGas(gasLimit, gasPx)
  const preCode = request.isDeploy ? bytesOf(request.target) : null
  const nonce = await chain.taskNonce(payer.address)
  const scAddr = request.isDeploy ? scAddrFrom(taskIdOf(payer.address, nonce)) : readScAddr(String(request.target))
  if (!request.isDeploy && (await chain.codeHash(scAddr)) === ZERO_HASH) throw unknownContract(scAddr)
  const epoch = await chain.currentEpoch()
  if (epoch === 0) throw noEpoch()
  const [seats, info] = await Promise.all([session.seats.find(scAddr, epoch), chain.epochInfo(epoch)])
  const encrypted = encryptTask(
    session,
    { sender: payer.address, scAddr, bytecode: preCode, call: callOf(request), trace: false },
    seats
  )
  const { signer, key } = seats.recipients[0]!
  return legacyTask({
    encrypted,
    gasLimit,
    gasPx,
    nonce,
    preCode,
    preCodeHash: preCode === null ? null : codeHashOf(preCode),
    firstBlockNumber: info.startBlock,
    worker: { signer, key }
  })
}

function callOf({ fn, args, isDeploy }: TaskRequest) {
  const name = fn.split('(', 1)[0]!.trim()
  const inputs = args.map(([, type], index) => ({ name: `argument${index + 1}`, type }))
  const values = args.map(([value]) => value)
  if (isDeploy) return encodeConstructor([{ type: 'constructor', inputs }], values)
  return encodeCall([{ type: 'function', name, inputs, outputs: [] }], name, values)
}

const bytesOf = (code: string | Uint8Array): Uint8Array =>
  typeof code === 'string' ? fromHex((code.startsWith('0x') ? code : `0x${code}`) as Hex) : code

const noEpoch = (): ClientError =>
  new ClientError({ code: 'NO_EPOCH' }, 'The first epoch has not begun: no worker is drawn yet.', {
    hint: 'Wait until workers have logged in and the principal has opened an epoch.'
  })

/** @throws CLIENT_SETTING unless the client's account is the sender. */
export function requireSender({ account }: Session, sender: string): Payer {
  const payer = requirePayer(account)
  if (payer.address === sender.toLowerCase()) return payer
  throw new ClientError(
    { code: 'CLIENT_SETTING', what: 'sender' },
    `The account of this client is ${payer.address}, not ${sender}.`,
    { hint: 'Choose that account in the wallet, or open another client for it.' }
  )
}

/** @throws CLIENT_SETTING for a task that another client, or another page, made. */
export function requireEncrypted(task: LegacyTask): EncryptedTask {
  const found = encryptedOf(task)
  if (found !== undefined) return found
  throw new ClientError(
    { code: 'CLIENT_SETTING', what: 'task' },
    'This task was not made by createTask of this page, so there is no key to it.',
    { hint: 'Pass on the object that createTask gave, not a copy of it.' }
  )
}

/**
 * Pays for a task and records it. The input goes to the seat holders first: nothing is paid for one that nobody has.
 *
 * @throws INSUFFICIENT_ENG, USER_REJECTED, TX_REVERTED, and refusals of workers
 */
export async function createTaskRecord(session: Session, task: LegacyTask, emitter: Emitter): Promise<LegacyTask> {
  const { chain, store } = session
  const encrypted = requireEncrypted(task)
  const payer = requireSender(session, task.sender)
  const fee = task.gasLimit * task.gasPx
  const funds = await fundsOf(session, payer)
  requireBalance(funds, payer, fee)
  await deliver(session, encrypted, task.preCode)
  const payment = await arrangePayment(session, payer, fee, funds)
  const { preCode: bytecode, gasLimit, gasPx } = task
  const terms = { bytecode, gasLimit, gasPx, nonce: bytecode === null ? null : task.nonce }
  const data = recordCall(encrypted, terms, payment)
  await dryRun(session, payer, data, encrypted.epoch)
  await store.save(encrypted)
  const call = { what: 'the record of the task', to: chain.enigma, data, gas: RECORD_GAS }
  const receipt = await sendTelling(session, call, 'createTaskRecord', emitter).catch(async (error: unknown) => {
    await store.forget(encrypted)
    throw await currentEpochMoved(session, encrypted.epoch, error)
  })
  const recorded = recordedIn(receipt.logs as readonly Log[], chain, encrypted.inputHash)
  if (recorded !== null) await store.save({ ...encrypted, ...recorded })
  task.transactionHash = receipt.hash as Hex
  task.taskId = recorded?.taskId ?? null
  task.receipt = receipt
  task.ethStatus = ETH_STATUS_CREATED
  task.creationBlockNumber = receipt.blockNumber
  return task
}

/** What the contract would say now, before any Ethereum gas is spent on it. */
async function dryRun({ chain }: Session, { address, provider }: Payer, data: string, epoch: number): Promise<void> {
  const request = { to: chain.enigma, from: address, data, gasLimit: RECORD_GAS, blockTag: 'pending' }
  try {
    await chain.ask('dry run of the record', () => provider.call(request))
  } catch (error) {
    const revert = revertOf(error)
    throw revert === null ? (error as Error) : refusedError(revert, epoch)
  }
}

/** A revert because the epoch ended in between gets its own code, whatever the node's words. */
async function currentEpochMoved({ chain }: Session, epoch: number, error: unknown): Promise<Error> {
  const cause = error as Error
  if (codeOf(error) !== 'TX_REVERTED') return cause
  const current = await chain.currentEpoch()
  if (current === epoch) return cause
  return new ClientError({ code: 'EPOCH_STALE', epoch, current }, `Epoch ${epoch} is over; it is ${current} now.`, {
    hint: 'Nothing was paid. Make the task again.',
    cause
  })
}

/** Gives the encrypted input to the network. Harmless when repeated. */
export function sendTaskInput(session: Session, task: LegacyTask): Promise<readonly string[]> {
  return deliver(session, requireEncrypted(task), task.preCode)
}

/** The three steps in one, again while the epoch ends in between, and once if no seat has the keys that the input was encrypted to. */
export async function runAllSteps(
  session: Session,
  request: TaskRequest,
  maxRetries: number,
  emitter: Emitter
): Promise<LegacyTask> {
  let renewed = false
  for (let attempt = 0; ; attempt++) {
    let recorded = false
    try {
      const task = await createTask(session, request)
      emitter.emit('createTask', task)
      await createTaskRecord(session, task, emitter)
      recorded = true
      emitter.emit('createTaskRecord', task)
      emitter.emit(
        request.isDeploy ? 'deploySecretContractResult' : 'sendTaskInputResult',
        await sendResult(session, task)
      )
      return task
    } catch (error) {
      const renews: boolean = !recorded && !renewed && isForOtherKeys(error)
      if (!renews && (codeOf(error) !== 'EPOCH_STALE' || attempt >= maxRetries)) throw error
      renewed ||= renews
      await sleep(session.timeouts.pollMs)
    }
  }
}

/** What the original's JSON-RPC answered, and which seats have the input. */
export async function sendResult(
  session: Session,
  task: LegacyTask
): Promise<{ readonly sendTaskResult: boolean; readonly stored: readonly string[]; readonly scAddr: ScAddr }> {
  const stored = await sendTaskInput(session, task)
  return { sendTaskResult: true, stored, scAddr: task.scAddr }
}
