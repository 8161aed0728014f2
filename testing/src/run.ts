import {
  FailureReason,
  MAX_CALL_DATA_BYTES,
  MAX_GAS,
  MAX_OUTPUT_BYTES,
  MAX_QUERY_GAS,
  ProtocolError,
  TaskKind,
  ZERO_ADDRESS,
  fromHex,
  keccak256,
  randomSeedOf,
  runDigestOf,
  type Address,
  type StateWrites,
  type TaskId
} from '@enigma/protocol'
import type { RunResult, RunSuccess, WasmPool } from '@enigma/enclave-sim/wasm'
import { getAddress } from 'ethers/address'
import { TaskFailedError, TestingError } from './errors.ts'
import type { Ethereum, RunReport } from './run-types.ts'
import { DELTA_TOO_LARGE, withWrites, type ContractRecord } from './state.ts'

/** The client library's default. */
const DEFAULT_GAS = 100_000_000n
/** As the client reports the chain id of a devnet; it only enters the seed of randomness. */
const CHAIN_ID = 31_337n

export interface RunOrder {
  readonly kind: RunReport['kind']
  readonly name: string
  readonly contract: ContractRecord
  readonly callData: Uint8Array
  readonly taskId: TaskId
  readonly sender: Address
  readonly gasLimit: bigint
  readonly block: number
  readonly timeSeconds: number
}

export interface RunOutcome {
  readonly report: RunReport
  readonly output: Uint8Array
  /** The contract afterwards; as before, if the run failed or was a query. */
  readonly contract: ContractRecord
}

/** @throws GAS_OUT_OF_RANGE for what a network would not record */
export function gasLimitOf(kind: RunReport['kind'], given: bigint | number = DEFAULT_GAS): bigint {
  const limit = kind === 'query' ? MAX_QUERY_GAS : MAX_GAS
  const whole = typeof given === 'bigint' || Number.isSafeInteger(given)
  if (whole && given >= 1 && given <= limit) return BigInt(given)
  const what = `The gas limit of a ${kind} is a whole number from 1 to ${limit}.`
  throw new TestingError({ code: 'GAS_OUT_OF_RANGE', what }, what)
}

/** @throws PROTOCOL_TOO_LARGE for what does not fit an envelope */
export function requireCallData(data: Uint8Array): void {
  if (data.length <= MAX_CALL_DATA_BYTES) return
  throw new ProtocolError(
    { code: 'PROTOCOL_TOO_LARGE', what: 'call data', limitBytes: MAX_CALL_DATA_BYTES },
    `The call data has ${data.length} bytes: the limit is ${MAX_CALL_DATA_BYTES}.`
  )
}

/** One run as an enclave does it (R6): the same engine, meters, limits and order of checks; only the encryption to people is left out. */
export async function runOnce(
  pool: WasmPool,
  stateKey: Uint8Array,
  ethereum: Ethereum,
  order: RunOrder
): Promise<RunOutcome> {
  const { contract, kind, taskId, sender, callData, gasLimit, block, timeSeconds } = order
  const runDigest = runDigestOf({
    chainId: CHAIN_ID,
    enigma: ZERO_ADDRESS,
    codeHash: contract.codeHash,
    prevHead: contract.headHash,
    taskId,
    kind: { deploy: TaskKind.deploy, call: TaskKind.compute, query: TaskKind.query }[kind],
    sender,
    inputHash: keccak256(callData),
    gasLimit,
    recordBlock: block,
    recordTime: timeSeconds
  })
  const result = await pool.run({
    code: contract.artifact.wasm,
    codeHash: fromHex(contract.codeHash),
    entry: kind === 'deploy' ? 'deploy' : 'call',
    callData,
    gasLimit,
    readOnly: kind === 'query',
    context: {
      caller: fromHex(sender),
      scAddr: fromHex(contract.scAddr),
      blockNumber: BigInt(block),
      timeSeconds: BigInt(timeSeconds)
    },
    seed: randomSeedOf(stateKey, runDigest),
    state: contract.entries
  })

  const fail = (reason: number, readable: string): RunOutcome => {
    const failure = failureOf(order, reason, readable, result.gasUsed)
    return { report: reportOf(order, result, null, failure), output: new Uint8Array(), contract }
  }
  if (!result.ok) return fail(result.reason, result.message)
  if (result.output.length > MAX_OUTPUT_BYTES) {
    return fail(FailureReason.limit, `The output is larger than ${MAX_OUTPUT_BYTES} bytes.`)
  }
  const after = kind === 'query' ? contract : withWrites(contract, result.writes, stateKey, runDigest)
  if (after === null) return fail(FailureReason.limit, DELTA_TOO_LARGE)
  if (result.callback && !(await ethereum({ ...result.callback, scAddr: contract.scAddr }))) {
    const failure = callbackFailed(order, result.gasUsed)
    const report = { ...reportOf(order, result, null, failure), callback: result.callback }
    return { report, output: new Uint8Array(), contract }
  }
  return { report: reportOf(order, result, result, null), output: result.output, contract: after }
}

const NO_WRITES: StateWrites = new Map()

const reportOf = (
  { kind, name, taskId, contract, sender, block, timeSeconds, gasLimit }: RunOrder,
  { gasUsed }: RunResult,
  success: RunSuccess | null,
  failure: TaskFailedError | null
): RunReport => ({
  name,
  kind,
  taskId,
  scAddr: contract.scAddr,
  from: getAddress(sender),
  block,
  timeSeconds,
  gasLimit,
  gasUsed,
  writes: success?.writes ?? NO_WRITES,
  logs: success?.log ?? [],
  callback: success?.callback ?? null,
  failure
})

const REASON_NAMES = new Map<number, string>(Object.entries(FailureReason).map(([name, number]) => [number, name]))

const REVERTED = 3

function callbackFailed({ taskId, name, gasLimit }: RunOrder, gasUsed: bigint): TaskFailedError {
  return new TaskFailedError(
    { code: 'TASK_CALLBACK_FAILED', taskId, callbackFailure: REVERTED, gasUsed, refunded: gasLimit - gasUsed },
    "The task's call into Ethereum failed. Nothing of the task was applied.",
    { hint: `${name} used ${gasUsed} of ${gasLimit} gas.` }
  )
}

function failureOf(order: RunOrder, reason: number, readable: string, gasUsed: bigint): TaskFailedError {
  const { taskId, kind, name, gasLimit } = order
  const reasonName = REASON_NAMES.get(reason) ?? String(reason)
  const refunded = kind === 'query' ? 0n : gasLimit - gasUsed
  return new TaskFailedError(
    { code: 'TASK_FAILED', taskId, reason, reasonName, readable, gasUsed, refunded },
    `The task failed (${reasonName})${readable ? `: ${readable}` : '.'}`,
    { hint: `${name} used ${gasUsed} of ${gasLimit} gas.` }
  )
}
