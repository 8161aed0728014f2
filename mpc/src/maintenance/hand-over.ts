import { hash, randomBytes } from 'node:crypto'
import { MpcError, parameterError, shapeError } from '../errors.ts'
import type { Field, Vec } from '../field/field.ts'
import { openEach, repairAt } from '../protocols/load.ts'
import { toss } from '../protocols/coin.ts'
import { verifyProducts } from '../protocols/verify.ts'
import type { Channel } from '../session/channel.ts'
import { CHUNK_ELEMENTS, type Party } from '../session/party.ts'
import { lagrange, pointOf, Shamir } from '../sharing/shamir.ts'
import { reconstruct } from '../sharing/robust.ts'
import { weighedSum } from '../protocols/weighed-sum.ts'

/**
 * Moving shares to other nodes, or to another N or T. Old node i deals its share to the new nodes at their degree; a new
 * share is the Lagrange combination of t + 1 such pieces. A node in both sets plays both roles, old and new, side by side.
 *
 * `link` reaches all nodes of both sets; `from` and `to` list their numbers on it, in the order of the parties of the old and
 * the new session. Both sets agree on `name`, used once, on the security mode and on the number of elements.
 *
 * - Cost: 1 round; each of the old parties 0..t sends k elements to every new node. Active: every old node sends k + 1, and
 *   the new nodes take 2 rounds more among themselves (3 if they are not three).
 * - Security, passive: at most t old and t' new nodes, who may be the same machines, learn nothing together.
 *   Active: all pieces, and the shares they hold, are tested by one random combination behind a mask of the old nodes: each
 *   piece must be of degree t', and the combined old shares must lie on one polynomial of degree t. n - t >= t + 1 honest old
 *   shares fix it, so a wrong one passes with chance at most (k + 1)/p. Where n >= 3t + 1 wrong old shares are corrected, where
 *   n' >= 3t' + 1 wrong pieces, and the nodes are named (`Taken.accused`).
 * Old and new shares do not go together: the new polynomials are drawn afresh by t + 1 old nodes. Erase the old ones once all
 * new nodes report success.
 * @see Desmedt, Jajodia: "Redistributing secret shares to new access structures", 1997; Wong, Wang, Wing, 2002.
 */
export interface HandOver {
  readonly link: Channel
  readonly name: string
  readonly from: readonly number[]
  readonly to: readonly number[]
}

const operationOf = (name: string): string => hash('sha256', `enigma/mpc/hand-over/1/${name}`, 'hex').slice(0, 32)

function check({ link, from, to }: HandOver, own: readonly number[], party: Party, what: string): void {
  for (const set of [from, to]) {
    const good = set.every(index => Number.isInteger(index) && index >= 0 && index < link.size)
    if (!good || new Set(set).size !== set.length) throw shapeError(what, 'The lists of nodes are not lists of nodes.')
  }
  if (party.session.present.length < party.n) {
    throw parameterError('without', 'A hand-over needs all nodes: hand over in a session that leaves none out.')
  }
  if (own.length !== party.n || own[party.index] !== link.index) {
    throw shapeError(what, 'This node is not where the list of nodes says.')
  }
}

/**
 * What an old node does. `t` is the degree of the new sharing. In active mode all products are proved first.
 *
 * - Shapes: k shares of degree t, dealt at the degree of the new sharing.
 * - Security: see `HandOver`.
 * - Source: see `HandOver`.
 * @cost n = 3, 4 elements: passive 1 round, 288 bytes; active, proved 3 rounds, 632 bytes
 * @cost n = 4, 4 elements: passive 1 round, 384 bytes; active, proved 5 rounds, 1707 bytes
 */
export async function giveShares(party: Party, shares: Vec, plan: HandOver, t: number): Promise<void> {
  check(plan, plan.from, party, 'give')
  const op = party.operation(`give ${plan.name}`)
  const { field, active } = op
  await verifyProducts(op)
  const mask = active ? op.random(1, 'hand-over') : field.zeros(0)
  if (!active && op.index > op.t) return
  const whole = active ? field.concat([shares, mask]) : shares
  const shamir = new Shamir(field, plan.to.length, t)
  const operation = operationOf(plan.name)
  for (let at = 0, step = 0; at < field.length(whole); at += CHUNK_ELEMENTS, step++) {
    const part = field.slice(whole, at, Math.min(field.length(whole), at + CHUNK_ELEMENTS))
    const random = Array.from({ length: t }, () => field.sample(field.length(part), size => randomBytes(size)))
    const rows = shamir.split(part, random)
    for (const [k, to] of plan.to.entries()) {
      const pressure = plan.link.send(to, operation, step, field.toBytes(rows[k]!), op.session)
      if (pressure) await pressure
    }
  }
}

/** What a new node has after a hand-over. */
export interface Taken {
  readonly shares: Vec
  /**
   * By numbers on the link: nodes at fault, and pairs of an old and a new node of whom one is. Nobody where all was right. The same at
   * all honest new nodes.
   */
  readonly accused: readonly (readonly number[])[]
}

/**
 * What a new node does: `count` shares of the new degree. `oldT` is the degree of the old sharing.
 *
 * - Shapes: k shares of the new degree out.
 * - Security: see `HandOver`.
 * - Source: see `HandOver`.
 * @throws MPC_OPENING if pieces do not fit together and cannot be corrected: the old shares stay in force; MPC_TIMEOUT and MPC_MESSAGE
 * name a node of the link.
 * @cost n = 3, 4 elements: passive 1 round, 288 bytes; active, proved 3 rounds, 632 bytes
 * @cost n = 4, 4 elements: passive 1 round, 384 bytes; active, proved 5 rounds, 1707 bytes
 */
export async function takeShares(party: Party, count: number, plan: HandOver, oldT: number): Promise<Taken> {
  check(plan, plan.to, party, 'take')
  const op = party.operation(`take ${plan.name}`)
  const { field, active } = op
  const dealers = active ? plan.from.length : oldT + 1
  if (oldT < 1 || plan.from.length < 2 * oldT + 1) throw shapeError('take', 'The old nodes have no honest majority.')
  const size = active ? count + 1 : count
  const pieces = await Promise.all(plan.from.slice(0, dealers).map(from => receivePiece(field, plan, from, size, op)))
  const own = (dealer: number): Vec => field.slice(pieces[dealer]!, 0, count)
  const { used, repairs, accused } = active
    ? await judgePieces(op, pieces, plan, oldT)
    : {
        used: Array.from({ length: oldT + 1 }, (_, i) => i),
        repairs: new Map<number, readonly number[]>(),
        accused: []
      }
  const basis = lagrange(used.map(pointOf), 0n, field.p).map(value => field.constant(value))
  const right: Vec[] = []
  for (const dealer of used) {
    const wrong = repairs.get(dealer) ?? []
    right.push(wrong.length > 0 ? await repairAt(op.operation(`dealer ${dealer}`), own(dealer), wrong) : own(dealer))
  }
  return { shares: field.combine(basis, right), accused }
}

interface Judged {
  /** oldT + 1 dealers whose pieces are right. */
  readonly used: readonly number[]
  /** New nodes whose piece of such a dealer is off. */
  readonly repairs: ReadonlyMap<number, readonly number[]>
  readonly accused: readonly (readonly number[])[]
}

/**
 * Opens one combination of each dealer's pieces. What no polynomial fits was no sharing; what lies off the polynomial of the old shares
 * was another share. A single piece that is off is the fault of its dealer or of the node that says so: of the node if it says so of more
 * than oldT dealers, of the dealer if more than t nodes say so.
 */
async function judgePieces(op: Party, pieces: readonly Vec[], plan: HandOver, oldT: number): Promise<Judged> {
  const { field, t } = op
  const rho = await toss(op)
  const found = await openEach(op, field.concat(pieces.map(piece => weighedSum(field, piece, rho))))
  const rows = found.flatMap((each, index) => (each ? [{ index, shares: each.value }] : []))
  const wrongShares = ((): readonly number[] => {
    try {
      return reconstruct(new Shamir(field, plan.from.length, oldT), rows, oldT).wrong
    } catch (cause) {
      return op.fail(
        new MpcError(
          { code: 'MPC_OPENING', operation: op.id },
          'The shares that the old nodes handed over lie on no common polynomial: some node gave a wrong one.',
          { hint: 'The old shares stay in force. Repeat the hand-over without the suspected node.', cause }
        )
      )
    }
  })()
  const good = rows.map(({ index }) => index).filter(index => !wrongShares.includes(index))
  const offAt = (node: number): number[] => good.filter(dealer => found[dealer]!.wrong.includes(node))
  const bad = [...found.keys()].filter(dealer => !good.includes(dealer) || found[dealer]!.wrong.length > t)
  const liars = op.session.present.filter(node => offAt(node).length > oldT)
  const pairs = good.flatMap(dealer =>
    bad.includes(dealer)
      ? []
      : found[dealer]!.wrong.filter(node => !liars.includes(node)).map(node => [plan.from[dealer]!, plan.to[node]!])
  )
  const used = good.slice(0, oldT + 1)
  return {
    used,
    repairs: new Map(used.map(dealer => [dealer, found[dealer]!.wrong])),
    accused: [...bad.map(dealer => [plan.from[dealer]!]), ...liars.map(node => [plan.to[node]!]), ...pairs]
  }
}

async function receivePiece(field: Field, plan: HandOver, from: number, size: number, op: Party): Promise<Vec> {
  const parts: Vec[] = []
  for (let at = 0, step = 0; at < size; at += CHUNK_ELEMENTS, step++) {
    const bytes = (Math.min(size, at + CHUNK_ELEMENTS) - at) * field.bytes
    const part = field.fromBytes(await plan.link.receive(from, operationOf(plan.name), step, bytes, op.session))
    if (!field.valid(part)) {
      throw new MpcError(
        { code: 'MPC_MESSAGE', from, operation: plan.name },
        `Node ${from} sent what is no field element.`
      )
    }
    parts.push(part)
  }
  return field.concat(parts)
}
