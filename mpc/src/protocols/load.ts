import { MpcError } from '../errors.ts'
import type { Vec } from '../field/field.ts'
import type { Party } from '../session/party.ts'
import { reconstruct } from '../sharing/robust.ts'
import { pointOf, type Row } from '../sharing/shamir.ts'
import { keySets } from '../sharing/subsets.ts'
import { broadcast } from './broadcast.ts'
import { toss } from './coin.ts'
import { openChecked } from './open.ts'
import { verifyProducts } from './verify.ts'
import { weighedSum } from './weighed-sum.ts'

export interface Loaded {
  /** As given, but for what was repaired at this node. */
  readonly vectors: readonly Vec[]
  /** Nodes whose shares were off and were put right (n >= 3t + 1 only); the same list at all honest nodes. */
  readonly wrong: readonly number[]
}

/**
 * Takes stored shares into a computation: whether the nodes' shares of each element lie on one polynomial is tested before anything
 * depends on them.
 *
 * One random combination of all elements behind a shared random mask is opened, with a coin tossed first. With
 * n >= 3t + 1 the rows are broadcast and corrected; a node that was off is named and gets its shares afresh from the others (`repairAt`),
 * so the computation goes on with right shares everywhere. With fewer nodes a wrong share ends the session.
 *
 * - Shapes: vectors of shares of degree t in and out. Passive mode believes them.
 * - Cost, active: `toss` and one opening of one element, whatever is loaded; n >= 3t + 1: t rounds more for the broadcast. A repair is 1
 *   round, in which each other node sends one message as long as all that is loaded.
 * - Security: a share that is off goes unnoticed with chance at most k/p. The opening says nothing of the values, a repair nothing but
 *   the node's own shares. docs/spec/mpc.md, 5.11.
 * @throws MPC_OPENING if shares do not fit and cannot be corrected.
 * @see docs/spec/mpc.md 5.11.
 * @cost n = 3, 4 elements: passive 1 round, 96 bytes; active, proved 7 rounds, 888 bytes
 * @cost n = 4, 4 elements: passive 1 round, 192 bytes; active, proved 13 rounds, 1365 bytes
 */
export async function loadShares(party: Party, vectors: readonly Vec[]): Promise<Loaded> {
  const op = party.operation('load')
  const { field } = op
  const whole = field.concat(vectors)
  if (!op.active || whole.length === 0 || op.session.rehearsal) return { vectors, wrong: [] }
  await verifyProducts(op)
  const rho = await toss(op)
  const combined = weighedSum(field, field.concat([whole, op.random(1, 'load')]), rho)
  const [found] = await openEach(op, combined)
  if (!found) {
    return op.fail(
      new MpcError(
        { code: 'MPC_OPENING', operation: op.id },
        'The shares that are to be loaded lie on no common polynomial, and too few are right to tell which.',
        { hint: 'A node holds other shares than it was given, or their owner dealt no sharing.' }
      )
    )
  }
  const { wrong } = found
  if (wrong.length === 0) return { vectors, wrong }
  const repaired = await repairAt(op, whole, wrong)
  let at = 0
  return { vectors: vectors.map(({ length }) => repaired.subarray(at, (at += length))), wrong }
}

/** An element that was opened: its value at 0, and who sent a wrong row. */
export interface OpenedElement {
  readonly value: Vec
  readonly wrong: readonly number[]
}

/**
 * Opens elements each for itself. With n >= 3t + 1 all honest nodes have the same findings, null where no polynomial fits but for t
 * rows; with fewer nodes, or some left out, anything wrong ends the session.
 *
 * - Shapes: k shares of degree t in, k findings out.
 * - Cost: k elements: 1 round and (n - 1) k elements a party; or those of `broadcast`.
 * - Security: what is opened is meant for all nodes. A wrong row of t parties is corrected, or ends the session.
 * @see docs/spec/mpc.md 4.1.
 * @cost n = 3, 4 elements: passive 1 round, 192 bytes; active, proved 1 round, 192 bytes
 * @cost n = 4, 4 elements: passive 2 rounds, 1152 bytes; active, proved 2 rounds, 1152 bytes
 */
export async function openEach(op: Party, shares: Vec): Promise<(OpenedElement | null)[]> {
  const { field, session } = op
  const { present, shamir, t } = session
  const count = field.length(shares)
  if (present.length < 3 * t + 1) {
    const { values } = await openChecked(op, shares, { strict: true })
    return field.split(values).map(value => ({ value, wrong: [] }))
  }
  const said = await broadcast(op, field.toBytes(shares))
  const rows = present.flatMap((index, place): Row[] => {
    const row = field.fromBytes(said[place]!.slice())
    // what is no element is as good as missing: zeros fit no better than any other wrong row
    return [{ index, shares: field.valid(row) ? row : field.zeros(count) }]
  })
  return Array.from({ length: count }, (_, i) => {
    const column = rows.map(row => ({ index: row.index, shares: field.slice(row.shares, i, i + 1) }))
    try {
      const { values, wrong } = reconstruct(shamir, column)
      return { value: values, wrong }
    } catch {
      return null
    }
  })
}

/**
 * Gives the nodes `wrong` their shares afresh: the others send each of them its shares plus those of polynomials that are 0 at its place
 * and uniform elsewhere, so it learns the share it should have and nothing else. All must agree on `wrong`.
 *
 * 1 round; each other node sends k elements to each of `wrong`.
 *
 * - Shapes: k shares in and out; at the nodes `wrong` they are new.
 * - Security: at most t corrupt nodes; `wrong` learn their own shares and nothing else. With n >= 3t + 1 wrong rows are corrected.
 * @throws MPC_UNRECOVERABLE at such a node if what it is sent does not fit.
 * @see docs/spec/mpc.md 5.11.
 * @cost n = 4, 4 elements: passive 1 round, 96 bytes; active, proved 1 round, 96 bytes
 */
export async function repairAt(party: Party, shares: Vec, wrong: readonly number[]): Promise<Vec> {
  const { field, n, t, index } = party
  const { present, mySets, shamir } = party.session
  const count = field.length(shares)
  const helpers = present.filter(i => !wrong.includes(i))
  const sets = keySets(n, t)
  let own = shares
  for (const node of wrong) {
    const op = party.operation(`repair ${node}`)
    const step = op.step()
    if (index === node) {
      const rows = await Promise.all(
        helpers.map(async (i): Promise<Row> => ({ index: i, shares: await op.receive(i, step, count) }))
      )
      const { wrong: off } = reconstruct(shamir, rows)
      const good = rows.filter(row => !off.includes(row.index))
      own = shamir.interpolate(good.slice(0, t + 1), pointOf(node))
    } else if (helpers.includes(index)) {
      // the polynomials of sets without that node are 0 at its place, and one of their keys is unknown to any t nodes that include it
      const without = mySets.filter(({ number }) => !sets[number]!.includes(node))
      const masks = without.map(({ number }) => field.sample(count, op.setStream(number, 'repair')))
      const mask = field.combine(
        without.map(({ weight }) => weight),
        masks
      )
      const pressure = op.send(node, step, field.add(shares, mask))
      if (pressure) await pressure
    }
  }
  return own
}
