import type { Log } from 'ethers'
import { ZERO_HASH, codeOf, scAddr as scAddrFrom, taskIdOf, type Hex, type ScAddr, type TaskId } from '@enigma/protocol'
import { requirePayer, type Payer } from '../account/account.ts'
import type { EncodedCall } from '@enigma/protocol/secret-abi'
import { revertOf, type Revert } from '../chain/revert.ts'
import { gasPrices, mined, send, type GasPrices } from '../chain/send.ts'
import { findRecorded, recordedIn } from '../chain/tasks.ts'
import { ClientError, WorkerRefusal, quoted } from '../errors.ts'
import type { Session } from '../session.ts'
import { deliver, isForOtherKeys } from './deliver.ts'
import { endOfEpochIn, nextEpoch } from './epoch-room.ts'
import { encryptTask, recordCall, type EncryptedTask } from './encrypt.ts'
import { arrangePayment, fundsOf, rearrangePayment, requireBalance } from './payment.ts'
import type { Payment } from './permit.ts'
import type { Seats } from '../seats/seats.ts'
import { sleep } from '../waiting.ts'
import type { OnStage, TaskProgress } from './progress.ts'
import { isMoving, refusedError, requireGas, unknownContract } from './refusals.ts'
import type { StoredTask } from './store.ts'

/** What is to be recorded. */
export interface Submission {
  /** Null for a deployment: its address is known only with the account's nonce. */
  readonly scAddr: ScAddr | null
  readonly bytecode: Uint8Array | null // of a deployment
  readonly call: EncodedCall
  readonly gasLimit: bigint
  readonly gasPx: bigint // grains
}

export interface SubmitOptions {
  readonly signal?: AbortSignal | undefined
  readonly onStage?: OnStage | undefined
  /** Have the enclave record the run: calls, state keys, gas by function. Only this client can read it; it costs no gas. */
  readonly trace?: boolean | undefined
  /** Told in a sentence why nothing happens for a while: an epoch ends, and the wallet is asked when the next one has begun. */
  readonly onNotice?: ((sentence: string) => void) | undefined
}

export interface Recorded {
  readonly taskId: TaskId
  readonly stored: StoredTask
  readonly past: readonly TaskProgress[]
}

/** The epoch may end and the nonce may move under a submission; more often than this something else is wrong. */
const MAX_ATTEMPTS = 4
/** A record with a permit takes some 250,000 gas; what is not used is not paid. */
const RECORD_GAS = 500_000n

/** A record that can be sent once its input is delivered. */
interface Ready {
  readonly data: string
  /** What the contract would say to it in the next block: null if it would take it. */
  readonly refused: Revert | null
  /** No later than the record's. */
  readonly fromBlock: number
  readonly prices: GasPrices | undefined
}

/**
 * Takes a call from plaintext to its record on chain, in the order of R4: seats and keys, permit, encrypt, deliver, dry run, transaction.
 * Nothing is paid before a seat holder has the input. What does not depend on each other is asked for at the same time: a user may be far
 * from the Ethereum node and the workers, and an epoch short.
 */
export function submit(session: Session, submission: Submission, options: SubmitOptions = {}): Promise<Recorded> {
  return session.submitting.run(() => new Submitter(session, submission, options).run())
}

function requireEpoch(epoch: number): number {
  if (epoch > 0) return epoch
  throw new ClientError({ code: 'NO_EPOCH' }, 'The first epoch has not begun: no worker is drawn yet.')
}

class Submitter {
  readonly #session: Session
  readonly #payer: Payer
  readonly #submission: Submission
  readonly #signal: AbortSignal | undefined
  readonly #onStage: OnStage | undefined
  readonly #trace: boolean
  readonly #onNotice: ((sentence: string) => void) | undefined
  #hasWaited = false
  #hasRenewed = false
  readonly #past: TaskProgress[] = []

  constructor(session: Session, submission: Submission, { signal, onStage, trace, onNotice }: SubmitOptions) {
    this.#session = session
    this.#payer = requirePayer(session.account)
    this.#submission = submission
    this.#signal = signal
    this.#onStage = onStage
    this.#trace = trace ?? false
    this.#onNotice = onNotice
  }

  async run(): Promise<Recorded> {
    const { chain } = this.#session
    const { scAddr, gasLimit, gasPx } = this.#submission
    requireGas(gasLimit, gasPx)
    const fee = gasLimit * gasPx
    const [funds, firstEpoch] = await Promise.all([
      fundsOf(this.#session, this.#payer),
      chain.currentEpoch(),
      this.#requireChain(),
      scAddr === null ? null : this.#requireContract(scAddr)
    ])
    requireBalance(funds, this.#payer, fee)
    let payment: Payment | undefined
    for (let attempt = 1; ; attempt++) {
      this.#signal?.throwIfAborted()
      const epoch = requireEpoch(attempt === 1 ? firstEpoch : await chain.currentEpoch())
      const nonce = scAddr === null ? await chain.taskNonce(this.#payer.address) : null
      const target = scAddr ?? scAddrFrom(taskIdOf(this.#payer.address, nonce!))
      let task: EncryptedTask
      let ready: Ready
      try {
        const seats = await this.#session.seats.find(target, epoch, this.#signal)
        payment ??= await arrangePayment(this.#session, this.#payer, fee, funds, this.#signal)
        if (await this.#waitedForRoom(epoch)) continue
        task = this.#encrypt(target, seats)
        ready = await this.#deliver(task, recordCall(task, { ...this.#submission, nonce }, payment))
      } catch (error) {
        // The worker is already, or not yet, where this epoch ends; or it came back with other keys.
        if (attempt >= MAX_ATTEMPTS || (codeOf(error) !== 'EPOCH_STALE' && !this.#renewsKeys(error))) throw error
        await sleep(this.#session.timeouts.pollMs, this.#signal)
        continue
      }
      const { refused } = ready
      if (refused !== null) {
        if (attempt >= MAX_ATTEMPTS || !isMoving(refused)) throw refusedError(refused, epoch)
        payment = await this.#payAgain(payment, refused, fee)
        continue
      }
      await this.#session.store.save(task)
      const outcome = await this.#record(task, ready)
      if ('taskId' in outcome) return { ...outcome, past: this.#past }
      // The chain moved between the dry run and the block. A key in our hands signs again; a person is asked first.
      if (attempt >= MAX_ATTEMPTS || !this.#payer.holdsKey || !isMoving(outcome)) throw refusedError(outcome, epoch)
      payment = await this.#payAgain(payment, outcome, fee)
    }
  }

  /** True once if a person would be asked too late in this epoch, and the next one has been waited for. */
  async #waitedForRoom(epoch: number): Promise<boolean> {
    if (this.#payer.holdsKey || this.#hasWaited) return false
    const { chain, timeouts } = this.#session
    const left = await endOfEpochIn(chain, epoch)
    if (left === null) return false
    this.#hasWaited = true
    this.#onNotice?.(`Epoch ${epoch} ends in about ${left} s. Your wallet is asked when the next one has begun.`)
    await nextEpoch(chain, epoch, left, timeouts.pollMs, this.#signal)
    return true
  }

  /** True once after a refusal that other keys may mend. @throws the second refusal, with what a person can do about it */
  #renewsKeys(error: unknown): boolean {
    if (!isForOtherKeys(error)) return false
    if (!this.#hasRenewed) return (this.#hasRenewed = true)
    const { code, url, method } = error.facts
    const hint = 'Nothing was paid. Keys asked for anew did not help: name another worker, or wait for the next epoch.'
    throw new WorkerRefusal(code, url, method, error.message, { hint, cause: error })
  }

  /** What was signed stays good until the contract says otherwise: nobody is asked twice for the same. */
  #payAgain(payment: Payment, refused: Revert, fee: bigint): Payment | Promise<Payment> {
    if (refused.name !== 'EnigmaAllowanceTooLow') return payment
    return rearrangePayment(this.#session, this.#payer, fee, payment, this.#signal)
  }

  /** A wallet's user can change the chain at any time. @throws CHAIN_FOREIGN */
  async #requireChain(): Promise<void> {
    const { chain } = this.#session
    const { provider, holdsKey } = this.#payer
    if (holdsKey) return
    await chain.ask('chain id', () => provider.getNetwork()) // notices a change, and still answers as before
    const { chainId } = await chain.ask('chain id', () => provider.getNetwork())
    if (chainId === chain.chainId) return
    throw new ClientError(
      { code: 'CHAIN_FOREIGN', what: 'chain id' },
      `The wallet is on chain ${chainId} now; this network is on chain ${chain.chainId}.`,
      { hint: 'Switch the wallet back.' }
    )
  }

  /** @throws SC_UNKNOWN, before anything is signed or paid. */
  async #requireContract(scAddr: ScAddr): Promise<void> {
    if ((await this.#session.chain.codeHash(scAddr)) !== ZERO_HASH) return
    throw unknownContract(scAddr)
  }

  /** Delivers the input, and asks the chain meanwhile for what the transaction needs. */
  async #deliver(task: EncryptedTask, data: string): Promise<Ready> {
    const { chain } = this.#session
    const asked = Promise.all([
      this.#dryRun(data),
      chain.blockNumber(),
      gasPrices(this.#payer).catch(() => undefined) // asked for again with the transaction
    ])
    asked.catch(() => undefined) // what the workers say comes first
    await deliver(this.#session, task, this.#submission.bytecode, this.#signal)
    this.#report({ stage: 'delivered', taskId: null, detail: 'a seat holder has stored the encrypted input' })
    const [refused, fromBlock, prices] = await asked
    return { data, refused, fromBlock, prices }
  }

  #encrypt(scAddr: ScAddr, seats: Seats): EncryptedTask {
    const { bytecode, call } = this.#submission
    const task = encryptTask(
      this.#session,
      { sender: this.#payer.address, scAddr, bytecode, call, trace: this.#trace },
      seats
    )
    const count = seats.recipients.length
    const holders = count === 1 ? 'one seat holder' : `${count} seat holders`
    const detail = `for ${holders} of epoch ${seats.epoch}`
    const input = { inputHash: task.inputHash, bytes: task.envelopeBytes!, sample: task.ciphertextSample! }
    this.#report({ stage: 'encrypted', taskId: null, detail, input })
    return task
  }

  /** What the contract would say to the record in the next block: null if it would take it. */
  async #dryRun(data: string): Promise<Revert | null> {
    const { chain } = this.#session
    const request = { to: chain.enigma, from: this.#payer.address, data, gasLimit: RECORD_GAS, blockTag: 'pending' }
    return this.#refusal(() => chain.ask('dry run of the record', () => this.#payer.provider.call(request)))
  }

  async #refusal(attempt: () => Promise<unknown>): Promise<Revert | null> {
    try {
      await attempt()
      return null
    } catch (error) {
      const revert = revertOf(error)
      if (revert !== null) return revert
      if (error instanceof ClientError) throw error
      const reason = quoted(error)
      throw new ClientError(
        { code: 'TX_REVERTED', what: 'the record', reason },
        `The contract refuses the record: ${reason}`,
        { cause: error }
      )
    }
  }

  /** Sends the record and waits for its block: the task, or what the contract said. */
  async #record(task: StoredTask, { data, fromBlock, prices }: Ready): Promise<Omit<Recorded, 'past'> | Revert> {
    const { chain, store, timeouts } = this.#session
    const what = 'the record of the task'
    let transactionHash: Hex
    try {
      transactionHash = await send(this.#payer, { what, to: chain.enigma, data, gas: RECORD_GAS, prices })
    } catch (error) {
      await store.forget(task)
      const revert = revertOf(error)
      if (revert !== null) return revert
      throw error
    }
    await store.update(task.inputHash, { transactionHash })
    const find = async (): Promise<Hex | null> =>
      (await findRecorded(chain, task.sender, task.inputHash, fromBlock))?.transactionHash ?? null
    const receipt = await mined(chain, transactionHash, timeouts, this.#signal, find)
    const recorded = receipt.status === 1 ? recordedIn(receipt.logs as readonly Log[], chain, task.inputHash) : null
    if (recorded === null) {
      const block = receipt.blockNumber
      const request = { to: chain.enigma, from: this.#payer.address, data, gasLimit: RECORD_GAS, blockTag: block }
      await store.forget(task)
      const why = await this.#refusal(() =>
        chain.ask('why the record reverted', () => this.#payer.provider.call(request))
      )
      if (why !== null) return why
      throw new ClientError(
        { code: 'TX_REVERTED', what, reason: 'unknown' },
        'Ethereum reverted the record of the task.',
        {
          hint: 'Nothing was paid but Ethereum gas. Try again.'
        }
      )
    }
    const { taskId } = recorded
    const block = receipt.blockNumber
    const stored = { ...task, ...recorded, recordBlock: block }
    await store.save(stored)
    this.#report({
      stage: 'recorded',
      taskId,
      block,
      transactionHash: stored.transactionHash,
      detail: `the fee is in escrow in block ${block}`
    })
    return { taskId, stored }
  }

  /** Reports a stage once, even if the work behind it had to be done again. */
  #report(progress: TaskProgress): void {
    if (this.#past.some(({ stage }) => stage === progress.stage)) return
    this.#past.push(progress)
    this.#onStage?.(progress)
  }
}
