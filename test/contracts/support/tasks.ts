import type { ContractTransactionResponse } from 'ethers'
import {
  FailureReason,
  TaskKind,
  ZERO_ADDRESS,
  ZERO_HASH,
  address,
  fromHex,
  keccak256,
  nextHead,
  taskIdOf,
  typedDigest,
  utf8,
  type Hash,
  type Hex,
  type Receipt,
  type ScAddr,
  type TaskAccepted,
  type TaskId,
  type TaskTerms
} from '@enigma/protocol'
import { sign } from './enclaves.ts'
import { type Actor, type ProofArg, type World } from './world.ts'
import type { TestSigner } from './chain.ts'

/** A task that was recorded. */
export interface OpenTask {
  readonly taskId: TaskId
  readonly sender: TestSigner
  readonly terms: TaskTerms
  readonly recordBlock: number
  readonly recordTime: number
}

export const label = (text: string): Hash => keccak256(utf8(text))
export const CODE = label('bytecode')

export interface Price {
  readonly gasLimit?: bigint
  readonly gasPx?: bigint
  readonly epoch?: number
  readonly input?: string
}

export const nonceOf = async (world: World, sender: TestSigner): Promise<number> =>
  Number(await world.view('taskNonce', sender.address))

/** Records a deployment. */
export async function recordDeployment(world: World, sender: TestSigner, price: Price = {}): Promise<OpenTask> {
  const nonce = await nonceOf(world, sender)
  const taskId = taskIdOf(address(sender.address), nonce)
  const terms = await termsOf(world, TaskKind.deploy, taskId as Hex as ScAddr, CODE, price)
  const { codeHash, inputHash, gasLimit, gasPx, epoch } = terms
  await world.tx(sender, 'createDeploymentTaskRecord', codeHash, inputHash, gasLimit, gasPx, epoch, nonce)
  return opened(world, sender, taskId, terms)
}

/** Records a call of a deployed contract. */
export async function recordCompute(
  world: World,
  sender: TestSigner,
  scAddr: ScAddr,
  price: Price = {}
): Promise<OpenTask> {
  const taskId = taskIdOf(address(sender.address), await nonceOf(world, sender))
  const { codeHash } = await world.view('secretContract', scAddr)
  const terms = await termsOf(world, TaskKind.compute, scAddr, codeHash, price)
  await world.tx(sender, 'createTaskRecord', scAddr, terms.inputHash, terms.gasLimit, terms.gasPx, terms.epoch)
  return opened(world, sender, taskId, terms)
}

async function termsOf(world: World, kind: number, scAddr: ScAddr, codeHash: Hash, price: Price): Promise<TaskTerms> {
  return {
    kind,
    scAddr,
    codeHash,
    inputHash: label(price.input ?? 'envelope'),
    gasLimit: price.gasLimit ?? 1_000n,
    gasPx: price.gasPx ?? 10n,
    epoch: price.epoch ?? (await world.currentEpoch())
  }
}

/** A task as the chain recorded it. */
export async function opened(world: World, sender: TestSigner, taskId: TaskId, terms: TaskTerms): Promise<OpenTask> {
  const { recordBlock, recordTime } = await world.view('taskStatus', taskId)
  return { taskId, sender, terms, recordBlock: Number(recordBlock), recordTime: Number(recordTime) }
}

/** The receipt of a successful run on the contract's present head; `changes` makes it another one. */
export async function receiptFor(world: World, task: OpenTask, changes: Partial<Receipt> = {}): Promise<Receipt> {
  const { headHash } = await world.view('secretContract', task.terms.scAddr)
  return {
    taskId: task.taskId,
    scAddr: task.terms.scAddr,
    kind: task.terms.kind,
    ok: true,
    reason: FailureReason.none,
    codeHash: task.terms.codeHash,
    inputHash: task.terms.inputHash,
    gasLimit: task.terms.gasLimit,
    epoch: task.terms.epoch,
    recordBlock: task.recordBlock,
    recordTime: task.recordTime,
    prevHead: headHash,
    deltaHash: label(`delta of ${task.taskId}`),
    outputHash: label(`output of ${task.taskId}`),
    gasUsed: 600n,
    callbackTarget: ZERO_ADDRESS,
    callbackDataHash: ZERO_HASH,
    callbackGas: 0,
    ...changes
  }
}

/** The fields of a run that failed inside its enclave. */
export const failure = { ok: false, reason: FailureReason.revert, deltaHash: ZERO_HASH } as const

/** What is sent to commitReceipt. */
export interface Commitment {
  readonly receipt: Receipt
  readonly record: TaskTerms
  readonly seat: number
  readonly proof: ProofArg
  readonly signature: string
  /** What the receipt's callback is called with; `0x` for none. */
  readonly callbackData: Hex
}

export interface CommitChoice {
  /** Fields of the receipt to change before it is signed. */
  readonly receipt?: Partial<Receipt>
  readonly seat?: number
  /** Who signs; the holder of the seat unless told. */
  readonly by?: Actor
  /** What the contract calls on Ethereum. */
  readonly callback?: Callback
}

/** A call that a secret contract asks for. */
export interface Callback {
  readonly target: string
  readonly data: Hex
  /** Default 100,000. */
  readonly gas?: number
}

/** The fields of a receipt that promise a callback. */
const callbackFields = ({ target, data, gas = 100_000 }: Callback): Partial<Receipt> => ({
  callbackTarget: address(target),
  callbackDataHash: keccak256(fromHex(data)),
  callbackGas: gas
})

/** Everything that the holder of a seat sends for a task. */
export async function commitmentFor(world: World, task: OpenTask, choice: CommitChoice = {}): Promise<Commitment> {
  const seat = choice.seat ?? 0
  const { epoch, scAddr } = task.terms
  const holder = choice.by ?? world.actorOf((await world.seats(epoch, scAddr))[seat]!.operator)
  const { callback } = choice
  const receipt = await receiptFor(world, task, { ...(callback && callbackFields(callback)), ...choice.receipt })
  return {
    receipt,
    record: task.terms,
    seat,
    proof: await world.proof(epoch, holder.operator.address),
    signature: sign(typedDigest(world.domain, 'Receipt', receipt), holder.enclave),
    callbackData: callback?.data ?? '0x'
  }
}

export function sendCommitment(
  world: World,
  commitment: Commitment,
  from: TestSigner = world.stranger
): Promise<ContractTransactionResponse> {
  const { receipt, record, seat, proof, signature, callbackData } = commitment
  if (callbackData !== '0x') return world.tx(from, 'commitReceiptWithCallback', commitment)
  return world.tx(from, 'commitReceipt', receipt, record, seat, proof, signature)
}

/** Settles a task by the holder of a seat; anyone sends it. */
export async function commit(
  world: World,
  task: OpenTask,
  choice: CommitChoice = {}
): Promise<ContractTransactionResponse> {
  return sendCommitment(world, await commitmentFor(world, task, choice))
}

/** Settles several tasks in one transaction; anyone sends it. */
export function sendBatch(
  world: World,
  items: readonly Commitment[],
  from: TestSigner = world.stranger
): Promise<ContractTransactionResponse> {
  return world.tx(from, 'commitReceipts', items)
}

/** The commitments of a worker that runs ahead: each starts from the head that the one before will make. */
export async function runAhead(world: World, tasks: readonly OpenTask[], by?: Actor): Promise<Commitment[]> {
  const items: Commitment[] = []
  let prevHead: Hash | undefined
  for (const task of tasks) {
    const receipt = prevHead === undefined ? {} : { prevHead }
    const item = await commitmentFor(world, task, { receipt, ...(by === undefined ? {} : { by }) })
    prevHead = nextHead(item.receipt.prevHead, item.receipt.deltaHash)
    items.push(item)
  }
  return items
}

/** An enclave's word that it will run a task. */
export function acceptance(world: World, task: OpenTask, by: Actor, changes: Partial<TaskAccepted> = {}): Hex {
  const { taskId, recordBlock } = task
  const accepted = { taskId, inputHash: task.terms.inputHash, recordBlock, ...changes }
  return sign(typedDigest(world.domain, 'TaskAccepted', accepted), by.enclave)
}

/** A receipt as its enclave signed it: one half of a proof of equivocation. */
export async function signedReceipt(
  world: World,
  task: OpenTask,
  by: Actor,
  changes: Partial<Receipt> = {}
): Promise<{ receipt: Receipt; signature: Hex }> {
  const receipt = await receiptFor(world, task, changes)
  return { receipt, signature: sign(typedDigest(world.domain, 'Receipt', receipt), by.enclave) }
}

/** Records and settles a deployment. Resolves to the new contract's address. */
export async function deployContractOf(world: World, sender: TestSigner): Promise<ScAddr> {
  const task = await recordDeployment(world, sender)
  await commit(world, task)
  return task.terms.scAddr
}

/** The operators of the three seats of a task, seat 0 first. */
export async function holders(world: World, task: OpenTask): Promise<Actor[]> {
  return (await world.seats(task.terms.epoch, task.terms.scAddr)).map(({ operator }) => world.actorOf(operator))
}
