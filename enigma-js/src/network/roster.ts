import type { LogDescription, Result } from 'ethers'
import { address, type Address } from '@enigma/protocol'
import type { Chain } from '../chain/chain.ts'
import { parseLog, topicOf } from '../chain/contracts.ts'

/** A registered worker as the chain knows it. */
export interface WorkerRecord {
  readonly operator: Address
  readonly staking: Address
  /** Key of its enclave. */
  readonly signer: Address
  readonly loggedIn: boolean
  /** Grains. */
  readonly stake: bigint
  /** Grains earned and not yet claimed. */
  readonly credit: bigint
  /** Block and time (seconds since 1970) of the login that still holds; null while it is logged out. */
  readonly onlineSince: { readonly block: number; readonly timeSeconds: number } | null
}

const EVENTS = (['WorkerRegistered', 'Unregistered', 'LoggedIn', 'LoggedOut'] as const).map(topicOf)
const LOGGED_IN = 2
/** Blocks of one question for events: what public nodes commonly allow. */
const MAX_RANGE = 10_000
/** A list for a page; a longer one is asked for on purpose. */
const MOST_WORKERS = 200
/** Workers that are read at the same time. */
const AT_ONCE = 100
/** Events this close to the head are read again, in case the chain was reorganised. */
const REREAD = 32

/** The workers of a network, from events of the chain: read once, then only what is new. */
export class Roster {
  readonly #chain: Chain
  readonly #firstBlock: () => Promise<number>
  readonly #logins = new Map<Address, number | null>() // block of the login that holds, per registered operator
  readonly #times = new Map<number, number>()
  #next: number | undefined
  #scanning: Promise<void> | undefined

  /** @param firstBlock of the contract: nothing happened before. */
  constructor(chain: Chain, firstBlock: () => Promise<number>) {
    this.#chain = chain
    this.#firstBlock = firstBlock
  }

  /** Oldest registration first, at most 200 unless told. Costs one `eth_call` per worker and the events since the last call. */
  async workers(most = MOST_WORKERS): Promise<WorkerRecord[]> {
    this.#scanning ??= this.#scan().finally(() => (this.#scanning = undefined))
    await this.#scanning
    const known = [...this.#logins].slice(0, most)
    const records: WorkerRecord[] = []
    while (records.length < known.length) {
      const portion = known.slice(records.length, records.length + AT_ONCE)
      records.push(...(await Promise.all(portion.map(([operator, login]) => this.#read(operator, login)))))
    }
    return records
  }

  async #scan(): Promise<void> {
    const head = await this.#chain.blockNumber()
    this.#next ??= await this.#firstBlock()
    let from = Math.max(0, Math.min(this.#next, head) - REREAD)
    while (from <= head) {
      const to = Math.min(head, from + MAX_RANGE - 1)
      for (const log of await this.#chain.logs([EVENTS], from, to)) {
        const event = parseLog(log)
        if (event !== null) this.#apply(event, log.blockNumber)
      }
      from = to + 1
      this.#next = from
    }
  }

  #apply({ name, args }: LogDescription, block: number): void {
    const operator = address(args.operator as string)
    if (name === 'Unregistered') this.#logins.delete(operator)
    else if (name === 'LoggedIn') this.#logins.set(operator, block)
    else if (name === 'LoggedOut' || !this.#logins.has(operator)) this.#logins.set(operator, null)
  }

  async #read(operator: Address, login: number | null): Promise<WorkerRecord> {
    const [worker] = (await this.#chain.read('worker', [operator])) as unknown as [Result]
    const loggedIn = Number(worker.status) === LOGGED_IN
    return {
      operator,
      staking: address(worker.staking as string),
      signer: address(worker.signer as string),
      loggedIn,
      stake: worker.stake as bigint,
      credit: worker.credit as bigint,
      onlineSince: loggedIn && login !== null ? { block: login, timeSeconds: await this.#timeOf(login) } : null
    }
  }

  async #timeOf(block: number): Promise<number> {
    const known = this.#times.get(block)
    if (known !== undefined) return known
    const time = (await this.#chain.ask('block time', () => this.#chain.provider.getBlock(block)))?.timestamp ?? 0
    this.#times.set(block, time)
    return time
  }
}
