import { EnigmaError, printable, type EnigmaErrorOptions, type Hex, type Hints } from '@enigma/protocol'

/** What the client throws on purpose. docs/errors.md is made from these lines. */
export type ClientFailure =
  /** The Ethereum node did not answer, or not in time. */
  | { readonly code: 'CHAIN_UNREACHABLE'; readonly what: string }
  /** The Ethereum node answers, but no new block came for a long time. */
  | { readonly code: 'CHAIN_STALLED'; readonly block: number }
  /** Wallet, worker and settings do not speak of the same chain or contract. */
  | { readonly code: 'CHAIN_FOREIGN'; readonly what: string }
  /** There is no Enigma contract at the address given. */
  | { readonly code: 'ENIGMA_NOT_FOUND'; readonly enigma: string }
  /** The Enigma contract accepts another kind of evidence than the caller expects. */
  | { readonly code: 'ENIGMA_MODE_FOREIGN'; readonly expected: string; readonly found: string }
  /** A setting of the client is missing or contradicts another. */
  | { readonly code: 'CLIENT_SETTING'; readonly what: string }
  /** No worker answered at the addresses given. */
  | { readonly code: 'WORKER_UNREACHABLE'; readonly url: string }
  /** A worker answered something that is not an answer to the question. */
  | { readonly code: 'WORKER_ANSWER_WRONG'; readonly url: string; readonly what: string }
  /** No epoch has begun: no worker is drawn yet. */
  | { readonly code: 'NO_EPOCH' }
  /** No seat holder of the contract has published a key for this epoch. Nothing was paid. */
  | { readonly code: 'NO_SEAT_REACHABLE'; readonly epoch: number; readonly nextEpochBlock: number }
  /** The epoch is over. Nothing was paid. */
  | { readonly code: 'EPOCH_STALE'; readonly epoch: number; readonly current: number }
  /** A worker named a seat holder that the chain did not draw. */
  | { readonly code: 'SEAT_PROOF_WRONG'; readonly seat: number; readonly what: string }
  /** An encryption key is not signed by the enclave of its seat for this epoch. */
  | { readonly code: 'KEY_SIGNATURE_WRONG'; readonly seat: number }
  /** The evidence of an enclave is of another mode than this network's. */
  | { readonly code: 'EVIDENCE_MODE'; readonly who: string; readonly expected: string }
  /** The code of an enclave is not on the allow list. */
  | { readonly code: 'EVIDENCE_MEASUREMENT'; readonly who: string; readonly measurement: string }
  /** The evidence of an enclave is missing, expired, forged, or speaks of another enclave. */
  | { readonly code: 'EVIDENCE_WRONG'; readonly who: string; readonly what: string }
  /** There is no secret contract at this address. Nothing was paid. */
  | { readonly code: 'SC_UNKNOWN'; readonly scAddr: string }
  /** The account has less ENG than the task's fee. */
  | { readonly code: 'INSUFFICIENT_ENG'; readonly needed: bigint; readonly balance: bigint }
  /** The account cannot pay the Ethereum gas of a transaction. */
  | { readonly code: 'INSUFFICIENT_ETH'; readonly account: string }
  /** The gas limit or the gas price of a task is out of range. */
  | { readonly code: 'GAS_OUT_OF_RANGE'; readonly what: string }
  /** The wallet's user said no. */
  | { readonly code: 'USER_REJECTED'; readonly what: string }
  /** Ethereum refused a transaction. */
  | { readonly code: 'TX_REVERTED'; readonly what: string; readonly reason: string }
  /** A transaction was sent and is in no block yet. */
  | { readonly code: 'TX_PENDING'; readonly transactionHash: string }
  /** There is no task with this id on the chain. */
  | { readonly code: 'TASK_UNKNOWN'; readonly taskId: string }
  /** The deadline of the task has not passed, so its fee cannot go back yet. */
  | { readonly code: 'TASK_NOT_EXPIRED'; readonly taskId: string; readonly deadline: number }
  /** The task has its receipt already. */
  | { readonly code: 'TASK_SETTLED'; readonly taskId: string; readonly status: number }
  /** The receipt is not the one that the chain accepted for the task. */
  | { readonly code: 'RECEIPT_WRONG'; readonly what: string }
  /** The receipt is signed by an enclave that holds no seat of the task. */
  | { readonly code: 'RECEIPT_SIGNER_WRONG'; readonly signer: string }
  /** The output is not the one that the receipt names. */
  | { readonly code: 'OUTPUT_HASH_WRONG'; readonly taskId: string }
  /** The output does not open with the key of this task. */
  | { readonly code: 'OUTPUT_UNREADABLE'; readonly taskId: string }
  /** The task is settled on chain, but no worker hands out its output. */
  | { readonly code: 'RESULT_UNAVAILABLE'; readonly taskId: string }
  /** A query ran and failed; nothing was written and nothing paid. */
  | { readonly code: 'QUERY_FAILED'; readonly reason: number; readonly reasonName: string; readonly readable: string }
  /** The answer to a query is not of this query, not certified by a seat, or of a head that the chain does not have. */
  | { readonly code: 'QUERY_ANSWER_WRONG'; readonly what: string }
  /** The answer to a query was computed on an older head than the chain's. */
  | { readonly code: 'QUERY_STALE'; readonly block: number; readonly seen: number }

const LIES = 'The worker that gave it is faulty or lies; ask another one.'
const CLIENT_HINTS: Hints<ClientFailure['code']> = {
  CHAIN_UNREACHABLE: 'Check that the node runs and that its address is right, then try again.',
  CHAIN_STALLED: 'Nothing is lost: watch the task again when the chain goes on.',
  CHAIN_FOREIGN: 'Bring wallet, worker and settings to one chain and one contract.',
  ENIGMA_NOT_FOUND: 'Check the address and the chain; a restarted devnet has a new chain.',
  ENIGMA_MODE_FOREIGN: 'This is another kind of network than you expect; send it nothing.',
  CLIENT_SETTING: 'Correct the setting that the message names.',
  WORKER_UNREACHABLE: 'Check the address, or name several workers so that another one can be asked.',
  WORKER_ANSWER_WRONG: 'Ask another worker.',
  NO_EPOCH: 'Wait until workers have logged in and the principal has opened an epoch.',
  NO_SEAT_REACHABLE: 'Nothing was paid. Other workers are drawn at the next epoch; try again then.',
  EPOCH_STALE: 'Nothing was paid. Send the task again.',
  SEAT_PROOF_WRONG: LIES,
  KEY_SIGNATURE_WRONG: 'Somebody may be trying to read your input; ask another worker.',
  EVIDENCE_MODE: 'This enclave belongs to another kind of network; send it nothing.',
  EVIDENCE_MEASUREMENT: 'If you expect this code, add its measurement to network.measurements.',
  EVIDENCE_WRONG: 'Do not send data to this enclave; ask another worker.',
  SC_UNKNOWN: 'Nothing was paid. Check the address, and that its deployment succeeded on this network.',
  INSUFFICIENT_ENG: 'Lower the gas limit or the gas price, or get more ENG.',
  INSUFFICIENT_ETH: 'Ethereum gas is paid in ether, apart from the fee in ENG.',
  GAS_OUT_OF_RANGE: 'Give whole, positive numbers; the gas limit is at most 10^9.',
  USER_REJECTED: 'Nothing was paid. Try again and confirm in the wallet.',
  TX_REVERTED: 'The message names the reason; nothing was changed but the Ethereum gas that it took.',
  TX_PENDING: 'It may still come; the task goes on by itself then. Look with client.resume().',
  TASK_UNKNOWN: 'Check the id, and that this is the network it was sent to.',
  TASK_NOT_EXPIRED: 'Wait: after its deadline the network sends the fee back by itself.',
  TASK_SETTLED: 'Nothing to do: what was not used of the fee went back with the receipt.',
  RECEIPT_WRONG: LIES,
  RECEIPT_SIGNER_WRONG: LIES,
  OUTPUT_HASH_WRONG: LIES,
  OUTPUT_UNREADABLE: 'It was made for another requester, or the stored key is damaged.',
  RESULT_UNAVAILABLE: 'The output is not lost: ask again later, or name more workers.',
  QUERY_FAILED: 'The message holds the reason that the contract gave; a query costs nothing.',
  QUERY_ANSWER_WRONG: LIES,
  QUERY_STALE: 'The worker is behind the chain; ask again or ask another one.'
}

export class ClientError extends EnigmaError<ClientFailure> {
  static override get hints(): typeof CLIENT_HINTS {
    return CLIENT_HINTS
  }
}

/** A worker said no, with its own code, such as INPUT_NOT_FOR_SEAT. */
export class WorkerRefusal extends EnigmaError<{
  readonly code: string
  readonly url: string
  readonly method: string
}> {
  /** Most workers say what to do; this is for those that do not. */
  constructor(code: string, url: string, method: string, message: string, options: EnigmaErrorOptions = {}) {
    super({ code, url, method }, message, { hint: 'Try again, or ask another worker.', ...options })
  }
}

/** How a task ended, when it did not end well. */
export type TaskFailure =
  /** The task ran and failed; its receipt says so. The unused fee is back. */
  | {
      readonly code: 'TASK_FAILED'
      readonly taskId: string
      /** Public code, as in the receipt. */
      readonly reason: number
      readonly reasonName: string
      /** Why, in the contract's or the enclave's words. Encrypted to the requester; null for anybody else. */
      readonly readable: string | null
      readonly gasUsed: bigint
      /** Grains that went back. */
      readonly refunded: bigint
    }
  /** The contract that the task wanted to call on Ethereum refused, so that the run does not count. The unused fee is back. */
  | {
      readonly code: 'TASK_CALLBACK_FAILED'
      readonly taskId: string
      /** 1 forbidden target, 2 no contract there, 3 it reverted or ran out of the gas it was given. */
      readonly callbackFailure: number
      readonly gasUsed: bigint
      /** Grains that went back. */
      readonly refunded: bigint
    }
  /** Nobody settled the task before its deadline. The whole fee goes back. */
  | {
      readonly code: 'TASK_EXPIRED'
      readonly taskId: string
      readonly deadline: number
      /** Grains that went back; null: not yet. */
      readonly refunded: bigint | null
      readonly refundTransaction: Hex | null
    }

const TASK_FAILED_HINTS: Hints<TaskFailure['code']> = {
  TASK_FAILED: 'The unused fee is back. Sent with `trace: true`, a task shows its requester what it did.',
  TASK_CALLBACK_FAILED: 'The unused fee is back. Look at the contract on Ethereum that the task wanted to call.',
  TASK_EXPIRED: 'Send the task again; if the fee has not gone back, `client.refund` or `enigma task refund` sends it.'
}

export class TaskFailedError extends EnigmaError<TaskFailure> {
  static override get hints(): typeof TASK_FAILED_HINTS {
    return TASK_FAILED_HINTS
  }
}

/** Text of a peer or a node for one of our own sentences. */
export const quoted = (error: unknown): string => printable(error instanceof Error ? error.message : String(error), 160)
