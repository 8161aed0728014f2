import { scAddr as scAddrFrom, ProtocolError, type ScAddr, type TaskId } from '@enigma/protocol'
import {
  encodeCall,
  encodeConstructor,
  type ConstructorArgs,
  type FunctionArgs,
  type FunctionName,
  type FunctionResult,
  type SecretContractAbi
} from '@enigma/protocol/secret-abi'
import { findRecorded, settlementOf, taskRecord, type Settlement, type TaskRecord } from './chain/tasks.ts'
import { ClientError } from './errors.ts'
import type { Session } from './session.ts'
import { submit, type SubmitOptions } from './task/submit.ts'
import { makeTask, type Task } from './task/task.ts'
import type { StoredTask } from './task/store.ts'
import { readTaskId, unknownTask } from './task/watch.ts'

/** What a task may cost, and how to follow or stop it. */
export interface TaskOptions extends SubmitOptions {
  /** Secret-contract gas, 1 to 10^9. What is not used comes back. */
  readonly gasLimit?: bigint | number
  /** Grains of ENG per unit of gas. */
  readonly gasPx?: bigint | number
}

/** 1 ENG at the default price: ample for small contracts, and returned where not used. */
const DEFAULT_GAS = 100_000_000n
const DEFAULT_GAS_PRICE = 1n

/** A compiled secret contract. */
export interface Artifact<A extends SecretContractAbi = SecretContractAbi> {
  readonly wasm: Uint8Array
  readonly abi: A
}

const gasOf = ({
  gasLimit = DEFAULT_GAS,
  gasPx = DEFAULT_GAS_PRICE
}: TaskOptions): { gasLimit: bigint; gasPx: bigint } => {
  try {
    return { gasLimit: BigInt(gasLimit), gasPx: BigInt(gasPx) }
  } catch {
    const what = 'The gas limit and the gas price must be whole numbers.'
    throw new ClientError({ code: 'GAS_OUT_OF_RANGE', what }, what)
  }
}

/** Records the deployment of a secret contract. Its address is the task's id; `result()` resolves to it. */
export async function deploy<A extends SecretContractAbi>(
  session: Session,
  { wasm, abi }: Artifact<A>,
  args: ConstructorArgs<A>,
  options: TaskOptions
): Promise<Task<ScAddr>> {
  const call = encodeConstructor(abi, args)
  const { taskId, stored, past } = await submit(
    session,
    { scAddr: null, bytecode: wasm, call, ...gasOf(options) },
    options
  )
  return makeTask<ScAddr>(session, taskId, stored, past)
}

/** Records a call of a secret contract's function. */
export async function compute<A extends SecretContractAbi, N extends FunctionName<A>>(
  session: Session,
  address: string,
  abi: A,
  name: N,
  args: FunctionArgs<A, N>,
  options: TaskOptions
): Promise<Task<FunctionResult<A, N>>> {
  const call = encodeCall(abi, name, args)
  const scAddr = readScAddr(address)
  const { taskId, stored, past } = await submit(session, { scAddr, bytecode: null, call, ...gasOf(options) }, options)
  return makeTask<FunctionResult<A, N>>(session, taskId, stored, past)
}

/** @throws SC_UNKNOWN for something that cannot be an address of a secret contract. */
export function readScAddr(address: string): ScAddr {
  try {
    return scAddrFrom(address)
  } catch (cause) {
    if (!(cause instanceof ProtocolError)) throw cause
    throw new ClientError(
      { code: 'SC_UNKNOWN', scAddr: address },
      'The address of a secret contract is 32 bytes of 0x hex.',
      {
        hint: 'It is the id of its deployment, not an Ethereum address.',
        cause
      }
    )
  }
}

/** What the chain says of a task. */
export interface TaskState {
  readonly record: TaskRecord
  readonly status: number // TaskStatus
  /** Last block in which a receipt is accepted. */
  readonly deadline: number
  /** Null while the task is open. */
  readonly settlement: Settlement | null
}

/** @throws TASK_UNKNOWN */
export async function taskState({ chain }: Pick<Session, 'chain'>, id: string): Promise<TaskState> {
  const taskId = readTaskId(id)
  const found = await taskRecord(chain, taskId)
  if (found === null) throw unknownTask(taskId)
  const { record, slots } = found
  const deadline = record.recordBlock + (await chain.taskPeriod())
  return { record, status: slots.status, deadline, settlement: await settlementOf(chain, record) }
}

/** A handle for a task of this client that was recorded earlier. @throws TASK_UNKNOWN */
export async function openTask(session: Session, id: string): Promise<Task> {
  const taskId = readTaskId(id)
  const stored = (await session.store.byTaskId(taskId)) ?? (await sentAs(session, taskId))
  if (stored === null) {
    throw new ClientError({ code: 'TASK_UNKNOWN', taskId }, `This client has no key to task ${taskId}.`, {
      hint: 'Only its sender has: in its storage, for its last hundred tasks.'
    })
  }
  return makeTask(session, taskId, stored)
}

/** A task whose transaction was sent, but whose inclusion this client did not live, or wait long enough, to see. */
async function sentAs({ chain, store }: Session, taskId: TaskId): Promise<StoredTask | null> {
  const found = await taskRecord(chain, taskId)
  const stored = found && (await store.byInputHash(found.record.inputHash))
  if (!stored) return null
  await store.update(stored.inputHash, { taskId })
  return { ...stored, taskId }
}

/** How far back a closed page's transaction is looked for. */
const RESUME_BLOCKS = 5_000

/** Handles of all stored tasks, oldest first; one whose transaction was still on its way is looked up on the chain. */
export async function resumeTasks(session: Session): Promise<Task[]> {
  const tasks: Task[] = []
  for (const stored of await session.store.all()) {
    const taskId = stored.taskId ?? (await lookUp(session, stored))
    if (taskId !== null) tasks.push(makeTask(session, taskId, { ...stored, taskId }))
  }
  return tasks
}

async function lookUp({ chain, store }: Session, { sender, inputHash }: StoredTask): Promise<TaskId | null> {
  const from = Math.max(0, (await chain.blockNumber()) - RESUME_BLOCKS)
  const found = await findRecorded(chain, sender, inputHash, from)
  if (found !== null) await store.update(inputHash, { ...found })
  return found?.taskId ?? null
}
