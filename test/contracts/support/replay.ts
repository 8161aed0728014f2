import type { EventLog } from 'ethers'
import { TaskStatus } from '@enigma/protocol'
import type { World } from './world.ts'

/** What an indexer knows of a worker. */
export interface ReplayedWorker {
  status: bigint
  staking: string
  signer: string
  nonce: bigint
  stake: bigint
  credit: bigint
}

/** Enigma's state as its events tell it, from the first block on, without a single call. */
export interface Replayed {
  readonly workers: Map<string, ReplayedWorker>
  readonly tasks: Map<string, { slot1: string | undefined; sender: string; status: bigint; gasPx: bigint; fee: bigint }>
  readonly contracts: Map<string, { codeHash: string; headHash: string; deltaCount: bigint }>
  escrow: bigint
}

type Args = EventLog['args']

export async function replay(world: World): Promise<Replayed> {
  const state: Replayed = { workers: new Map(), tasks: new Map(), contracts: new Map(), escrow: 0n }
  for (const log of await world.enigma.queryFilter('*')) {
    if ('eventName' in log) handlers[log.eventName]?.(state, log.args)
  }
  return state
}

const status =
  (value: number) =>
  (state: Replayed, { operator }: Args) => {
    state.workers.get(operator)!.status = BigInt(value)
  }
const stake = (state: Replayed, args: Args): void => {
  state.workers.get(args.operator)!.stake = args.stake
}

const handlers: Record<string, (state: Replayed, args: Args) => void> = {
  WorkerRegistered(state, { operator, staking, signer, nonce }) {
    const known = state.workers.get(operator) ?? { stake: 0n, credit: 0n }
    state.workers.set(operator, { ...known, status: 1n, staking, signer, nonce: nonce + 1n })
  },
  LoggedIn: status(2),
  LoggedOut: status(1),
  Unregistered: status(0),
  Deposited: stake,
  Withdrawn: stake,
  SilencePunished: stake,
  EquivocationPunished: stake,
  CreditClaimed(state, { operator }) {
    state.workers.get(operator)!.credit = 0n
  },
  CreditCompounded(state, args) {
    stake(state, args)
    state.workers.get(args.operator)!.credit = 0n
  },
  TaskRecordCreated(state, { taskId, sender, gasLimit, gasPx }) {
    const fee = BigInt(gasLimit) * BigInt(gasPx)
    state.tasks.set(taskId, { slot1: undefined, sender, status: BigInt(TaskStatus.RecordCreated), gasPx, fee })
    state.escrow += fee
  },
  TaskFeeReturned(state, { taskId }) {
    const task = state.tasks.get(taskId)!
    task.status = BigInt(TaskStatus.ReceiptFailedReturn)
    state.escrow -= task.fee
  },
  SecretContractDeployed(state, { scAddr, codeHash }) {
    state.contracts.set(scAddr, { codeHash, headHash: '', deltaCount: 0n })
  },
  ReceiptVerified(state, args) {
    settle(state, args, TaskStatus.ReceiptVerified)
    const contract = state.contracts.get(args.scAddr)!
    contract.headHash = args.headHash
    contract.deltaCount = args.deltaCount
  },
  ReceiptFailed(state, args) {
    settle(state, args, TaskStatus.ReceiptFailed)
  },
  ReceiptFailedETH(state, args) {
    settle(state, args, TaskStatus.ReceiptFailedETH)
  }
}

function settle(state: Replayed, { taskId, operator, gasUsed, receiptDigest }: Args, to: number): void {
  const task = state.tasks.get(taskId)!
  task.status = BigInt(to)
  task.slot1 = receiptDigest
  state.escrow -= task.fee
  state.workers.get(operator)!.credit += BigInt(gasUsed) * task.gasPx
}
