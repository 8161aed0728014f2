import { equalBytes, utf8, type Hash } from '@enigma/protocol'
import { type MpcError } from '../errors.ts'
import type { Vec } from '../field/field.ts'
import { weighedSum } from '../protocols/weighed-sum.ts'
import { openChecked } from '../protocols/open.ts'
import { toss } from '../protocols/coin.ts'
import { verifyProducts } from '../protocols/verify.ts'
import type { Party } from '../session/party.ts'
import { within } from '../session/wait.ts'
import { commitmentOf, openingFor, type ResultOpening } from './commitment.ts'
import { certificateError, reviewStatements } from './review.ts'
import {
  labelled,
  networkDigest,
  sessionDigest,
  signedStatementCodec,
  statementDigest,
  statementsDigest,
  verdictDigest,
  type Network,
  type SignedCertificate,
  type SignedStatement,
  type SignedVerdict,
  type Statement
} from './statement.ts'
import type { TranscriptRoots } from './transcript.ts'
import type { Challenge } from './validator.ts'

/** The validator as a node sees it; the host carries the messages. A node waits until `validatorTimeoutMs`. */
export interface ValidatorHook {
  commit(signed: SignedStatement): Promise<Challenge>
  conclude(signed: SignedVerdict): Promise<SignedCertificate>
}

export interface CertifyOptions {
  readonly network: Network
  readonly request: Hash
  /** The name under which this session was created. */
  readonly session: string
  /** From the `recordTranscript` channel of the session, which must have recorded it from the start. */
  readonly roots: () => TranscriptRoots
  readonly validator: ValidatorHook
  /** Signs a digest with this node's key: nodes[index] of the network. */
  readonly sign: (digest: Hash) => Uint8Array
  /**
   * How long the validator may take for one answer. It waits for all nodes itself, so by default three times the session's deadline: then
   * the validator is the first to say which node was silent.
   */
  readonly validatorTimeoutMs?: number
}

export interface CertifiedResult {
  /** For the receiver alone, over an encrypted channel. */
  readonly opening: ResultOpening
  readonly certificate: SignedCertificate
}

/**
 * `release` with a certificate: the last thing a session does.
 *
 * The node commits to its transcript and its result shares, hears the validator's nonce and everybody's statements, and only
 * then runs the final check, whose coin the nonce enters: products that are still unproved (active mode), and one random
 * combination of the result shares, behind a random mask, which must be of degree t. It signs that the check passed.
 *
 * - Shapes: k shares of degree t in; give several results as one vector.
 * - Cost: active: that of `verifyProducts` and 2 rounds more (3 for more than three nodes), (n - 1) elements and (n - 1) (bytes + 1) for a coin and the opening;
 *   two exchanges with the validator.
 * - Security: a nonce that differs between nodes, or a statement that is no node's, ends in an error, never in a verdict.
 * @throws MPC_CERTIFICATE, MPC_DISPUTE, MPC_ABORTED by the session's signal, and what the checks throw. Nothing has left the node then but the commitment.
 * @see docs/spec/mpc-certificate.md.
 * @cost n = 3, 4 elements: passive 1 round, 96 bytes; active, proved 7 rounds, 888 bytes
 * @cost n = 4, 4 elements: passive 1 round, 192 bytes; active, proved 12 rounds, 1149 bytes
 */
export async function certifiedRelease(party: Party, shares: Vec, options: CertifyOptions): Promise<CertifiedResult> {
  const op = party.operation('certified-release')
  const { field, index } = op
  const { network, request, roots, validator, sign } = options
  const limitMs = options.validatorTimeoutMs ?? 3 * op.session.timeoutMs
  const opening = openingFor(index, field.toBytes(shares).slice())
  const session = sessionDigest(options.session)
  const statement: Statement = {
    request,
    session,
    network: networkDigest(network),
    node: index,
    ...roots(),
    result: commitmentOf(session, opening)
  }
  const signed = { statement, signature: sign(statementDigest(statement)) }
  const { nonce, statements } = await answered(op, validator.commit(signed), limitMs)
  try {
    reviewStatements(network, { request, session }, statements)
    requireOwn(signed, statements)
  } catch (error) {
    return op.fail(error as MpcError)
  }
  const all = statementsDigest(statements)
  const challenge = BigInt(labelled('challenge', utf8(`${nonce}/${all}`)))
  if (op.active) {
    await verifyProducts(op, challenge)
    await testDegree(op, shares, challenge)
  }
  const verdict = { statements: all, nonce, node: index }
  const certificate = await answered(
    op,
    validator.conclude({ verdict, signature: sign(verdictDigest(verdict)) }),
    limitMs
  )
  return { opening, certificate }
}

/** The validator's answer, within its deadline and until the end of the session. */
function answered<T>(op: Party, answer: Promise<T>, limitMs: number): Promise<T> {
  const wait = { timeoutMs: limitMs, signal: op.session.signal }
  return within(answer, op.id, wait, () =>
    certificateError('validator', `The validator did not answer within ${limitMs} ms.`)
  )
}

function requireOwn(signed: SignedStatement, statements: readonly SignedStatement[]): void {
  const { node } = signed.statement
  const shown = statements.find(({ statement }) => statement.node === node)
  if (!shown || !equalBytes(signedStatementCodec.encode(shown), signedStatementCodec.encode(signed))) {
    throw certificateError('own statement', "The validator shows another statement of this node than the node's own.")
  }
}

/** The result shares of all nodes lie on polynomials of degree t: one random combination behind a mask says so. A coin and 1 round. */
async function testDegree(op: Party, shares: Vec, challenge: bigint): Promise<void> {
  const { field } = op
  const mask = op.random(1, 'degree')
  const rho = ((await toss(op)) + challenge) % field.p
  await openChecked(op, weighedSum(field, field.concat([shares, mask]), rho))
}
