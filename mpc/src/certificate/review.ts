import { ZERO_HASH, type Hash } from '@enigma/protocol'
import { MpcError } from '../errors.ts'
import {
  isSignedBy,
  networkDigest,
  statementDigest,
  statementsDigest,
  verdictDigest,
  type Network,
  type SignedStatement,
  type SignedVerdict
} from './statement.ts'

export const certificateError = (what: string, message: string, node?: number): MpcError =>
  new MpcError({ code: 'MPC_CERTIFICATE', what, ...(node === undefined ? {} : { node }) }, message)

/** What all statements of a session have in common. */
export interface Subject {
  readonly request: Hash
  readonly session?: Hash
}

/** @throws MPC_CERTIFICATE with the node whose statement is not one of this session. */
export function reviewStatement(network: Network, subject: Subject, { statement, signature }: SignedStatement): void {
  const { node, request, session, sent, received } = statement
  const refuse = (what: string): never => {
    throw certificateError(what, `The statement of node ${node} is not one of this session: ${what}.`, node)
  }
  if (!isSignedBy(network.nodes[node], statementDigest(statement), signature)) refuse('signature')
  if (statement.network !== networkDigest(network)) refuse('network')
  if (request !== subject.request) refuse('request')
  if (subject.session !== undefined && session !== subject.session) refuse('session')
  if (sent.length !== network.n || received.length !== network.n) refuse('transcript')
}

/**
 * All statements of a session: enough nodes, each once, in order, with views of each other's messages that agree.
 * @throws MPC_CERTIFICATE; MPC_DISPUTE with the pair whose signed views of their messages differ: one of them lies.
 */
export function reviewStatements(network: Network, subject: Subject, statements: readonly SignedStatement[]): void {
  const { t } = network
  if (statements.length < 2 * t + 1) {
    throw certificateError('statements', `${statements.length} nodes made statements; ${2 * t + 1} are needed.`)
  }
  const session = statements[0]!.statement.session
  for (const [i, signed] of statements.entries()) {
    reviewStatement(network, { session, ...subject }, signed)
    if (i > 0 && signed.statement.node <= statements[i - 1]!.statement.node) {
      throw certificateError('order', 'A node is named twice, or out of order.', signed.statement.node)
    }
  }
  const present = new Map(statements.map(({ statement }) => [statement.node, statement]))
  for (const [a, mine] of present) {
    for (const [b, theirs] of present) {
      if (a === b) continue
      if (mine.sent[b] !== theirs.received[a]) {
        throw new MpcError(
          { code: 'MPC_DISPUTE', nodes: [a, b].sort((x, y) => x - y) },
          `Nodes ${a} and ${b} signed different views of the messages between them: one of them lies.`,
          { hint: 'Repeat the operation in a new session without one of the two.' }
        )
      }
    }
    if (mine.sent[a] !== ZERO_HASH || mine.received[a] !== ZERO_HASH) {
      throw certificateError('transcript', `Node ${a} lists messages to itself.`, a)
    }
  }
}

/** @throws MPC_CERTIFICATE unless the node signed that its final check passed, for these statements and this nonce. */
export function reviewVerdict(
  network: Network,
  statements: readonly SignedStatement[],
  nonce: Hash,
  { verdict, signature }: SignedVerdict
): void {
  const { node } = verdict
  const good =
    verdict.statements === statementsDigest(statements) &&
    verdict.nonce === nonce &&
    statements.some(({ statement }) => statement.node === node) &&
    isSignedBy(network.nodes[node], verdictDigest(verdict), signature)
  if (!good) throw certificateError('verdict', `The verdict of node ${node} is not one of this session.`, node)
}
