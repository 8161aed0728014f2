/** Parameters of PROTOCOL that are the same on every network. The rest (epoch size, window, minimum stake) is read from the contract. */

/** Draws per task. One worker may hold several. */
export const SEATS = 3
/** Blocks during which only one more seat may commit. */
export const WINDOW_BLOCKS = 7
/** The largest gas limit of a task, in secret-contract gas; it runs in at most two seconds on the reference machine. */
export const MAX_GAS = 1_000_000_000n
/** A query may use a tenth of it. */
export const MAX_QUERY_GAS = MAX_GAS / 10n
/** Ethereum gas a callback may be given. */
export const MAX_CALLBACK_GAS = 500_000
/** Bytes of callback data a contract may set. */
export const MAX_CALLBACK_BYTES = 4 * 1024

/** What an envelope holds, before padding; the padded form doubles at worst. */
export const MAX_BODY_BYTES = 64 * 1024 - 4
/** Call data of a task: the body less its flags. */
export const MAX_CALL_DATA_BYTES = MAX_BODY_BYTES - 1
export const MAX_OUTPUT_BYTES = 64 * 1024 - 4
export const MAX_BYTECODE_BYTES = 512 * 1024
export const MAX_DELTA_BYTES = 512 * 1024
export const MAX_ENVELOPE_BYTES = 72 * 1024

/** State keys a contract can have, one for each rotation and the first: all of them travel in each grant (R9). */
export const MAX_GENERATIONS = 128

/** Receipts that one commit may settle (R7). */
export const MAX_BATCH = 64

export const deadlineOf = (recordBlock: number): number => recordBlock + SEATS * WINDOW_BLOCKS
/** The first block in which seat k may send: it is included in the next one, `recordBlock + k*W + 1`, at the earliest. */
export const windowOpens = (recordBlock: number, k: number): number => recordBlock + k * WINDOW_BLOCKS

/** The chain id of a devnet on which nothing counts before 24 confirmations: for tests of reorganisations. docs/adr/confirmations-by-chain-id.md */
export const SLOW_DEVNET_CHAIN = 31424n
/** Chains that live for a test: what is included there counts at once, or after as many blocks as a test may want to take back. */
const TEST_CONFIRMATIONS: ReadonlyMap<bigint, number> = new Map([
  [1337n, 1],
  [31337n, 1],
  [31999n, 1],
  [SLOW_DEVNET_CHAIN, 24]
])
const CONFIRMATIONS = 12
/** CONF: blocks, the including one counted, after which a result is released. By chain id alone, so that no host has a say in it. */
export const confirmationsOf = (chainId: bigint): number => TEST_CONFIRMATIONS.get(chainId) ?? CONFIRMATIONS
/** Deltas that a reorganisation shallower than CONF takes back, at one batch a block: as many an enclave keeps with undo (R11). */
export const undoDepthOf = (confirmations: number): number => MAX_BATCH * confirmations
/** The most of any chain. */
export const MAX_UNDO_DEPTH = undoDepthOf(Math.max(CONFIRMATIONS, ...TEST_CONFIRMATIONS.values()))
export const graceOf = (epochSize: number): number => Math.floor(epochSize / 2)

/** Kinds of an input envelope; the first two are also the kinds of a record. */
export const TaskKind = { deploy: 0, compute: 1, query: 2 } as const
export type TaskKind = (typeof TaskKind)[keyof typeof TaskKind]

/** Status of a task on chain (R2). */
export const TaskStatus = {
  RecordUndefined: 0,
  RecordCreated: 1,
  ReceiptVerified: 2,
  ReceiptFailed: 3,
  ReceiptFailedETH: 4,
  ReceiptFailedReturn: 5
} as const
export type TaskStatus = (typeof TaskStatus)[keyof typeof TaskStatus]

/** Reason codes of a failure receipt. Public; the readable message is for the requester alone. 0 = success. */
export const FailureReason = {
  none: 0,
  badInput: 1,
  invalidCode: 2,
  outOfGas: 3,
  stackOverflow: 4,
  trap: 5,
  revert: 6,
  limit: 7,
  readOnly: 8
} as const
export type FailureReason = (typeof FailureReason)[keyof typeof FailureReason]
