import { MpcError } from '../errors.ts'
import type { GateClaims } from '../bits/claims.ts'
import type { Vec } from '../field/field.ts'
import type { LocalProduct } from '../protocols/product.ts'

/** "These shares are what that product comes to": made by every resharing in active mode, and owed a proof. */
export interface Claim {
  readonly product: LocalProduct
  readonly result: Vec
  /** What each dealer dealt of it: the weighed sum of these is `result`. Kept where a failure can be investigated. */
  readonly dealt?: readonly Dealing[] | null
  /** The party that alone answers for the claim, because it dealt the operands. */
  readonly by?: number
}

/** One dealing that a party made or received, kept until the check that covers it has passed. */
export interface Dealing {
  readonly dealer: number
  readonly count: number
  /** This party's shares. */
  shares: Vec | null
  /** At the dealer, chunk by chunk: the secrets and the shares of the t parties that fix the polynomials. */
  readonly chunks: (readonly Vec[])[]
}

/**
 * The claims of one line of the program, in program order, that no check has covered yet. All parties run the same program, so
 * their ledgers list the same claims; that holds only within one sequence of operations, which is why concurrent branches get
 * ledgers of their own (`parallel`) and using one from two branches is refused.
 */
export class Ledger {
  #claims: Claim[] = []
  #dealings: Dealing[] = []
  #gates: GateClaims[] = []
  #busy = false

  /** Runs an operation that will add a claim. @throws MPC_PARAMETERS if another one is under way on this ledger. */
  async during<T>(run: () => Promise<T>): Promise<T> {
    if (this.#busy) {
      throw new MpcError(
        { code: 'MPC_PARAMETERS', what: 'concurrency' },
        'Two operations of one branch run at once; in active mode their claims would have no fixed order.',
        { hint: 'Await one before the other, or run them with parallel().' }
      )
    }
    this.#busy = true
    try {
      return await run()
    } finally {
      this.#busy = false
    }
  }

  add(claim: Claim): void {
    this.#claims.push(claim)
  }

  /** Layers of AND gates on replicated bits (three parties); their order, too, is that of the program. */
  addGates(claims: GateClaims): void {
    this.#gates.push(claims)
  }

  /** What another ledger holds, behind what is in this one. */
  absorb(other: Ledger): void {
    this.#claims.push(...other.take())
    this.#dealings.push(...other.takeDealings())
    this.#gates.push(...other.takeGates())
  }

  /** Keeps a place for a dealing, in program order. */
  noteDealing(dealer: number, count: number): Dealing {
    const dealing: Dealing = { dealer, count, shares: null, chunks: [] }
    this.#dealings.push(dealing)
    return dealing
  }

  /** The dealings since the last check, which are forgotten. */
  takeDealings(): Dealing[] {
    const dealings = this.#dealings
    this.#dealings = []
    return dealings
  }

  get pending(): number {
    return this.#claims.length
  }

  get pendingGates(): number {
    return this.#gates.length
  }

  /** Hands over the claims; the taker must check them before anything that depends on them is opened. */
  take(): Claim[] {
    const claims = this.#claims
    this.#claims = []
    return claims
  }

  takeGates(): GateClaims[] {
    const gates = this.#gates
    this.#gates = []
    return gates
  }
}
