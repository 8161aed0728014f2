import { signDigest, randomBytes, toHex, type Hash } from '@enigma/protocol'
import { MpcError } from '../errors.ts'
import { certificateError, reviewStatement, reviewStatements, reviewVerdict } from './review.ts'
import {
  certificateDigest,
  type Network,
  type SignedCertificate,
  type SignedStatement,
  type SignedVerdict
} from './statement.ts'

/** What nodes are told once all of them are bound. */
export interface Challenge {
  readonly nonce: Hash
  readonly statements: readonly SignedStatement[]
}

export interface CertifierOptions {
  readonly network: Network
  readonly request: Hash
  readonly session: Hash
  /** The nodes that take part: all, or all but those left out after a dispute. */
  readonly present: readonly number[]
  readonly privateKey: Uint8Array
  readonly timeoutMs?: number
  readonly nowSeconds?: () => number
}

/** The parties of the session that are to be heard, and what came so far. */
class Round<T> {
  readonly #wanted: ReadonlySet<number>
  readonly #heard = new Map<number, T>()
  readonly all: Promise<readonly T[]>
  #settle: (values: readonly T[]) => void = () => undefined
  #fail: (reason: Error) => void = () => undefined

  constructor(wanted: readonly number[]) {
    this.#wanted = new Set(wanted)
    this.all = new Promise((resolve, reject) => {
      this.#settle = resolve
      this.#fail = reject
    })
    this.all.catch(() => undefined)
  }

  /** From now on the clock runs. */
  expect(limitMs: number, what: string): void {
    const timer = setTimeout(() => {
      const from = [...this.#wanted].find(node => !this.#heard.has(node))!
      this.#fail(
        new MpcError(
          { code: 'MPC_TIMEOUT', from, operation: what, limitMs },
          `Node ${from} sent no ${what} within ${limitMs} ms.`
        )
      )
    }, limitMs)
    // a host that ends meanwhile need not wait for nodes that went
    timer.unref()
    void this.all.then(
      () => clearTimeout(timer),
      () => clearTimeout(timer)
    )
  }

  hear(node: number, value: T): void {
    if (!this.#wanted.has(node) || this.#heard.has(node)) {
      throw certificateError('twice', `Node ${node} is not awaited, or said something else before.`, node)
    }
    this.#heard.set(node, value)
    if (this.#heard.size < this.#wanted.size) return
    this.#settle([...this.#heard].sort(([a], [b]) => a - b).map(([, each]) => each))
  }

  fail(reason: Error): void {
    this.#fail(reason)
  }
}

/**
 * The validator's part in one session: it waits until every node is bound to its messages and its result, draws the nonce of
 * the final check, and signs what the nodes then vouch for. It sees digests and signatures, never a share.
 *
 * - Security: a corrupt validator can withhold or sign a certificate; it cannot make one that a client accepts unless 2t + 1
 *   nodes, so t + 1 honest ones, signed that their checks passed for exactly these results of exactly this request.
 */
export class Certifier {
  readonly #options: CertifierOptions
  readonly #statements: Round<SignedStatement>
  readonly #verdicts: Round<SignedVerdict>
  readonly #challenge: Promise<Challenge>
  readonly #certificate: Promise<SignedCertificate>

  constructor(options: CertifierOptions) {
    const { network, request, session, present, privateKey, timeoutMs = 30_000 } = options
    const { nowSeconds = () => Math.floor(Date.now() / 1000) } = options
    this.#options = options
    this.#statements = new Round(present)
    this.#verdicts = new Round(present)
    this.#statements.expect(timeoutMs, 'statement')
    this.#challenge = this.#statements.all.then(statements => {
      reviewStatements(network, { request, session }, statements)
      // longer than nodes wait for each other in the final check, so that they say first who was silent there
      this.#verdicts.expect(2 * timeoutMs, 'verdict')
      // drawn only now: nobody could know it while he could still change what he is bound to
      return { nonce: toHex(randomBytes(32)) as Hash, statements }
    })
    this.#challenge.catch((error: Error) => this.#verdicts.fail(error))
    this.#certificate = this.#verdicts.all.then(async verdicts => {
      const { nonce, statements } = await this.#challenge
      const certificate = { statements, nonce, verdicts, time: nowSeconds() }
      return { certificate, signature: signDigest(certificateDigest(certificate), privateKey) }
    })
    this.#certificate.catch(() => undefined)
  }

  /** @throws MPC_CERTIFICATE for a statement that is none; MPC_TIMEOUT naming a silent node; MPC_DISPUTE naming a pair. */
  async commit(signed: SignedStatement): Promise<Challenge> {
    const { network, request, session } = this.#options
    reviewStatement(network, { request, session }, signed)
    this.#statements.hear(signed.statement.node, signed)
    return this.#challenge
  }

  async conclude(signed: SignedVerdict): Promise<SignedCertificate> {
    const { nonce, statements } = await this.#challenge
    reviewVerdict(this.#options.network, statements, nonce, signed)
    this.#verdicts.hear(signed.verdict.node, signed)
    return this.#certificate
  }

  /** What the receiver of the result is given, once all nodes vouch for it. */
  get certificate(): Promise<SignedCertificate> {
    return this.#certificate
  }
}
