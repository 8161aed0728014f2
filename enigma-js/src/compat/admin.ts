import type { Result } from 'ethers'
import { ZERO_ADDRESS, ZERO_HASH, address, hash, scAddr, type Address, type Hash, type ScAddr } from '@enigma/protocol'
import { readScAddr } from '../actions.ts'
import type { Chain } from '../chain/chain.ts'
import { readAddress } from '../connect.ts'
import { fundsOf, requireBalance } from '../task/payment.ts'
import type { Session } from '../session.ts'
import type { Connection } from './connection.ts'
import { enigmaInterface, tokenInterface, topic } from './contracts.ts'
import { emitting, type Emitter } from './emitter.ts'
import { requireSender } from './steps.ts'
import { sendTelling } from './transactions.ts'

/** Stake and login change a branch of the tree; what is not used is not paid. */
const WORKER_GAS = 600_000n
const APPROVE_GAS = 100_000n

/** The original's view of workers and secret contracts: reads of the chain, and what an operator sends. A custodian is a worker's operating address. */
export class Admin {
  readonly #connection: Connection

  constructor(connection: Connection) {
    this.#connection = connection
  }

  async #session(): Promise<Session> {
    return (await this.#connection.open()).session
  }

  async #chain(): Promise<Chain> {
    return (await this.#session()).chain
  }

  async #worker(custodian: string): Promise<Result> {
    const chain = await this.#chain()
    return (await chain.read('worker', [readAddress(custodian, 'custodian')]))[0] as Result
  }

  /** Events of secret contracts since the beginning, oldest first. */
  async #events(name: string, scAddress: string | null): Promise<Result[]> {
    const { session, deploymentBlock } = await this.#connection.open()
    const logs = await session.chain.logs([topic(name), ...topicsOf(name, scAddress)], await deploymentBlock())
    return logs.map(log => enigmaInterface.parseLog(log)!.args)
  }

  /** The worker behind an enclave's signing address, as its operating address; null if there is none. */
  async findBySigningAddress(signer: string): Promise<Address | null> {
    const found = await (await this.#chain()).operatorOf(readAddress(signer, 'signer'))
    return found === ZERO_ADDRESS ? null : found
  }

  /** 0 unregistered, 1 logged out, 2 logged in. */
  async getWorkerStatus(custodian: string): Promise<number> {
    return Number((await this.#worker(custodian)).status)
  }

  async getWorkerSignerAddr(custodian: string): Promise<Address> {
    return address((await this.#worker(custodian)).signer as string)
  }

  /** Stake in grains. */
  async getBalance(custodian: string): Promise<bigint> {
    return (await this.#worker(custodian)).stake as bigint
  }

  async isDeployed(scAddress: string): Promise<boolean> {
    return (await this.getCodeHash(scAddress)) !== ZERO_HASH
  }

  async getCodeHash(scAddress: string): Promise<Hash> {
    return (await this.#chain()).codeHash(readScAddr(scAddress))
  }

  async countSecretContracts(): Promise<number> {
    return (await this.getAllSecretContractAddresses()).length
  }

  /** In the order of their deployment, from index `from` up to, not including, `to`. */
  async getSecretContractAddresses(from: number, to: number): Promise<ScAddr[]> {
    return (await this.getAllSecretContractAddresses()).slice(from, to)
  }

  async getAllSecretContractAddresses(): Promise<ScAddr[]> {
    return (await this.#events('SecretContractDeployed', null)).map(args => scAddr(args.scAddr as string))
  }

  async countStateDeltas(scAddress: string): Promise<number> {
    const [, , count] = await (await this.#chain()).read('secretContract', [readScAddr(scAddress)])
    return Number(count)
  }

  /** The hash of state delta `index`, the deployment's being 0; null if there is none. */
  async getStateDeltaHash(scAddress: string, index: number): Promise<Hash | null> {
    return (await this.#deltas(scAddress))[index] ?? null
  }

  async getStateDeltaHashes(scAddress: string, from: number, to: number): Promise<Hash[]> {
    return (await this.#deltas(scAddress)).slice(from, to)
  }

  async isValidDeltaHash(scAddress: string, deltaHash: string): Promise<boolean> {
    return (await this.#deltas(scAddress)).includes(deltaHash.toLowerCase() as Hash)
  }

  async #deltas(scAddress: string): Promise<Hash[]> {
    const receipts = await this.#events('ReceiptVerified', readScAddr(scAddress))
    return receipts.map(args => hash(args.deltaHash as string)).filter(found => found !== ZERO_HASH)
  }

  /** E: `loginTransactionHash`, `loginReceipt`, `loginConfirmation`. Sent by the worker's operating account. */
  login(custodian: string): Emitter {
    return this.#sendAs(custodian, 'login', [])
  }

  /** E: `logoutTransactionHash`, `logoutReceipt`, `logoutConfirmation`. */
  logout(custodian: string): Emitter {
    return this.#sendAs(custodian, 'logout', [])
  }

  /**
   * E: `depositTransactionHash`, `depositReceipt`, `depositConfirmation`; error `NotEnoughTokens`. Approves, then deposits grains from the
   * client's account, which must be the worker's staking account.
   */
  deposit(custodian: string, amount: bigint | number): Emitter {
    return emitting(async emitter => {
      const session = await this.#session()
      const payer = requireSender(session, session.account.address ?? '')
      requireBalance(await fundsOf(session, payer), payer, BigInt(amount))
      const { chain } = session
      const approval = tokenInterface.encodeFunctionData('approve', [chain.enigma, amount])
      const approve = { what: 'the approval of the deposit', to: await chain.token(), data: approval, gas: APPROVE_GAS }
      await sendTelling(session, approve, 'approve', emitter)
      await this.#send(session, 'deposit', [readAddress(custodian, 'custodian'), amount], emitter)
    })
  }

  /** E: `withdrawTransactionHash`, `withdrawReceipt`, `withdrawConfirmation`. To the worker's staking account, which sends it. */
  withdraw(custodian: string, amount: bigint | number): Emitter {
    return emitting(async emitter => {
      const session = await this.#session()
      await this.#send(session, 'withdraw', [readAddress(custodian, 'custodian'), amount], emitter)
    })
  }

  #sendAs(custodian: string, name: string, args: readonly unknown[]): Emitter {
    return emitting(async emitter => {
      const session = await this.#session()
      requireSender(session, custodian)
      await this.#send(session, name, args, emitter)
    })
  }

  async #send(session: Session, name: string, args: readonly unknown[], emitter: Emitter): Promise<void> {
    const data = enigmaInterface.encodeFunctionData(name, args)
    await sendTelling(session, { what: `the ${name}`, to: session.chain.enigma, data, gas: WORKER_GAS }, name, emitter)
  }
}

/** The contract is the first indexed field of a deployment, the second of a receipt. */
const topicsOf = (name: string, scAddress: string | null): (string | null)[] =>
  scAddress === null ? [] : name === 'ReceiptVerified' ? [null, scAddress] : [scAddress]
