import { proveGates } from '../bits/gate-proof.ts'
import { MpcError, parameterError } from '../errors.ts'
import type { Field } from '../field/field.ts'
import type { Claim } from '../session/ledger.ts'
import type { Party } from '../session/party.ts'
import type { Row } from '../sharing/shamir.ts'
import { investigate, type Found } from './blame.ts'
import { reduceClaims, rootsOf, sizeOfClaims } from './inner-product.ts'
import { exchangeRows } from './open.ts'
import { whoSays } from './agree.ts'

/** A batch whose check a wrong product could pass with more than 2^-80 is refused. */
const WEAKEST_BITS = -80

/**
 * Checks all pending products of this branch at once, and ends the session if any is wrong.
 *
 * `reduceClaims` turns them into one product behind a random pair, which is opened and multiplied in the clear. The opening is
 * tested against degree t without correction: as random combinations of all operands and results it also proves that honest
 * parties hold consistent shares of those.
 * `challenge` is added to the first coin: a nonce that nobody knew while products were made (docs/spec/mpc-certificate.md).
 *
 * - Shapes: all claims of the ledger of this branch; nothing out.
 * - Cost: that of `reduceClaims`, 1 round, 3 (n - 1) elements; where n >= 3t + 1, `whoSays` besides, in which all say whether
 *   the check passed, because then a failure is investigated (`investigate`) by all.
 * - Security: active adversary, at most t parties, abort. A wrong product passes with probability at most `soundnessBits`.
 * @throws MPC_PRODUCT_CHECK, MPC_OPENING; the session is over then. Where n >= 3t + 1 their `nodes` are one party that is
 *   corrupt, or two of whom at least one is.
 * @see Goyal, Song: "Malicious security comes free in honest-majority MPC", eprint 2020/134; Boneh et al., CRYPTO 2019.
 * @cost n = 3, 4 products and their proof: passive 1 round, 96 bytes; active, proved 5 rounds, 712 bytes
 * @cost n = 4, 4 products and their proof: passive 1 round, 192 bytes; active, proved 9 rounds, 1002 bytes
 */
export async function verifyProducts(party: Party, challenge = 0n): Promise<void> {
  const { ledger } = party
  if (!party.active || ledger.pending + ledger.pendingGates === 0) return
  const op = party.operation('verify')
  const [claims, gates] = [ledger.take(), ledger.takeGates()]
  await Promise.all([
    claims.length > 0 ? verifyClaims(op, claims, challenge) : undefined,
    gates.length > 0 ? proveGates(op, gates) : undefined
  ])
}

async function verifyClaims(op: Party, claims: readonly Claim[], challenge: bigint): Promise<void> {
  const { field } = op
  const total = sizeOfClaims(claims)
  if (soundnessBits(total, field.bits) > WEAKEST_BITS) {
    op.fail(
      parameterError(
        'prime',
        `A modulus of ${field.bits} bits cannot prove ${total} products well enough.`,
        'Choose one of 130 bits or more.'
      )
    )
  }
  op.session.state.unsound += 2 ** soundnessBits(total, field.bits)
  const { x, y, z } = await reduceClaims(op, claims, challenge)
  const rows = await exchangeRows(op, field.concat([x, y, z]))
  const outcome = judgeRows(op, rows)
  if (!op.session.canBlame) {
    if (outcome !== 'right') op.fail(failure(op, claims, outcome))
    return
  }
  const accusers = await whoSays(op, outcome !== 'right')
  if (accusers.length === 0) {
    op.ledger.takeDealings()
    return
  }
  const found = await investigate(op, claims, rows, accusers)
  op.fail(failure(op, claims, outcome, found))
}

/** log2 of the chance that one wrong product of `products` in one check goes unnoticed, in a field of `bits` bits. */
export function soundnessBits(products: number, bits: number): number {
  return Math.log2(rootsOf(products)) - (bits - 1)
}

type Outcome = 'right' | 'wrong' | 'torn'

function judgeRows({ field, t, session: { shamir } }: Party, rows: readonly Row[]): Outcome {
  return shamir.consistent(rows, t)
    ? isProduct(field, shamir.interpolate(rows.slice(0, t + 1)))
      ? 'right'
      : 'wrong'
    : 'torn'
}

function isProduct(field: Field, triple: Parameters<Field['toBigints']>[0]): boolean {
  const [f, g, h] = field.toBigints(triple) as [bigint, bigint, bigint]
  return (f * g) % field.p === h
}

function failure(op: Party, claims: readonly Claim[], outcome: Outcome, nodes: Found = []): MpcError {
  const named = nodes.length === 0 ? {} : { nodes }
  const who =
    nodes.length === 2
      ? ` Nodes ${nodes[0]} and ${nodes[1]} contradict each other: one of them is at fault.`
      : nodes.length === 1
        ? ` Node ${nodes[0]} is at fault.`
        : ''
  const hint = {
    hint:
      nodes.length > 0
        ? 'Repeat the operation in a new session `without` one of the nodes that are named.'
        : 'Repeat the computation; if it fails again, leave out the suspected node.'
  }
  if (outcome === 'torn') {
    return new MpcError(
      { code: 'MPC_OPENING', operation: op.id, ...named },
      `The share vectors of a product check do not lie on polynomials of the right degree: some party sent wrong ones.${who}`,
      hint
    )
  }
  return new MpcError(
    { code: 'MPC_PRODUCT_CHECK', operation: op.id, ...named },
    `One of ${claims.length} checked product vectors is wrong: some party sent a false share of it. The session is aborted.${who}`,
    hint
  )
}
