import { MpcError } from '../errors.ts'
import type { Vec } from '../field/field.ts'
import type { Party } from '../session/party.ts'
import { reconstruct } from '../sharing/robust.ts'
import type { Row } from '../sharing/shamir.ts'

/** What an opening found, besides the values. */
export interface Opened {
  readonly values: Vec
  /** Parties whose shares were wrong and corrected (only where n >= 3t + 1). */
  readonly wrong: readonly number[]
}

/**
 * Makes shared values public to all nodes. What is opened must be masked or meant for everyone.
 *
 * - Shapes: k shares of degree `degree` (t by default) in, k public elements out.
 * - Cost: 1 round; each party sends (n - 1) k elements.
 * - Security: every share vector is tested against the degree. With n >= degree + 1 + 2t wrong rows are corrected and their
 *   senders named; with fewer nodes any wrong row is detected as long as n > degree + t. For degree 2t and n = 2t + 1 there
 *   is no redundancy: use that only under a passive adversary.
 * `strict` refuses also what could be corrected: where honest rows themselves may disagree, correction would pick a side.
 * @throws MPC_OPENING if the rows do not fit and cannot be corrected; MPC_TIMEOUT, MPC_MESSAGE.
 * @see Gao: "A new algorithm for decoding Reed-Solomon codes", 2003; docs/spec/mpc.md 4.1.
 * @cost n = 3, 4 elements: passive 1 round, 192 bytes; active, proved 1 round, 192 bytes
 * @cost n = 4, 4 elements: passive 1 round, 288 bytes; active, proved 1 round, 288 bytes
 */
export async function openChecked(
  party: Party,
  shares: Vec,
  { degree = party.t, strict = false } = {}
): Promise<Opened> {
  const op = party.operation('open')
  if (op.session.rehearsal) return { values: op.field.zeros(op.field.length(shares)), wrong: [] }
  const { n, t } = op
  const rows = await exchangeRows(op, shares)
  const { shamir } = op.session
  if (shamir.consistent(rows, degree)) return { values: shamir.interpolate(rows.slice(0, degree + 1)), wrong: [] }
  if (n >= degree + 1 + 2 * t && !strict) {
    try {
      const found = reconstruct(shamir, rows, degree)
      for (const party of found.wrong) op.session.state.suspects.add(party)
      return found
    } catch (error) {
      return op.fail(error as MpcError)
    }
  }
  return op.fail(
    new MpcError(
      { code: 'MPC_OPENING', operation: op.id },
      'The share vectors of an opening do not lie on polynomials of the right degree: some party sent wrong ones.'
    )
  )
}

/**
 * Every node's vector, at every node. 1 round; each party sends (n - 1) k elements. Nothing is tested.
 *
 * - Shapes: k elements in, k elements of each node out.
 * - Security: none of its own: what it gives is as each node sent it. The caller tests it.
 * @see docs/spec/mpc.md 4.1.
 * @cost n = 3, 4 elements: passive 1 round, 192 bytes; active, proved 1 round, 192 bytes
 * @cost n = 4, 4 elements: passive 1 round, 288 bytes; active, proved 1 round, 288 bytes
 */
export async function exchangeRows(op: Party, shares: Vec): Promise<Row[]> {
  const { field, index } = op
  const step = op.step()
  for (const to of op.others) await op.send(to, step, shares)
  const count = field.length(shares)
  return Promise.all(
    op.session.present.map(async from => ({
      index: from,
      shares: from === index ? shares : await op.receive(from, step, count)
    }))
  )
}

/**
 * Makes shared values public to all nodes, trusting what they send.
 *
 * - Shapes: k shares of that degree in, k public elements out.
 * - Cost: 1 round; each party sends degree * k elements (to the parties before it, cyclically).
 * - Security: passive adversary. A wrong row gives a wrong result.
 * @see docs/spec/mpc.md 4.1.
 * @cost n = 3, 4 elements: passive 1 round, 96 bytes
 * @cost n = 4, 4 elements: passive 1 round, 96 bytes
 */
export async function openTrusting(party: Party, shares: Vec, degree = party.t): Promise<Vec> {
  const op = party.operation('open')
  const { field, index } = op
  const { present } = op.session
  const [place, size] = [present.indexOf(index), present.length]
  const step = op.step()
  for (let back = 1; back <= degree; back++) await op.send(present[(place + size - back) % size]!, step, shares)
  const count = field.length(shares)
  const rows: Row[] = [{ index, shares }]
  for (let ahead = 1; ahead <= degree; ahead++) {
    const from = present[(place + ahead) % size]!
    rows.push({ index: from, shares: await op.receive(from, step, count) })
  }
  return op.session.shamir.interpolate(rows)
}

/** Whom a passive opening needs: the first t + 1 of those present. The others may stay silent, and hear what they need later. */
export const fewest = ({ session, t }: Party): readonly number[] => session.present.slice(0, t + 1)

/**
 * Makes shared values public to `fewest` alone, trusting what they are told; null elsewhere.
 *
 * - Shapes: k shares of that degree in, k public elements out.
 * - Cost: 1 round; each of the first degree + 1 parties sends k elements to each of `fewest` (but itself).
 * - Security: passive adversary. A wrong row gives a wrong result.
 * @see docs/spec/mpc.md 5.12.
 * @cost n = 3, 4 elements, opened and told to the others: passive 2 rounds, 192 bytes
 * @cost n = 4, 4 elements, opened and told to the others: passive 2 rounds, 288 bytes
 */
export async function openToFewest(party: Party, shares: Vec, degree = party.t): Promise<Vec | null> {
  const op = party.operation('open-few')
  const { field, index, session } = op
  const [holders, readers] = [session.present.slice(0, degree + 1), fewest(op)]
  const step = op.step()
  if (holders.includes(index)) for (const to of readers) if (to !== index) await op.send(to, step, shares)
  if (!readers.includes(index)) return null
  const count = field.length(shares)
  const rows = await Promise.all(
    holders.map(async from => ({
      index: from,
      shares: from === index ? shares : await op.receive(from, step, count)
    }))
  )
  return session.shamir.interpolate(rows)
}

/**
 * Hands public values of `fewest` to all others.
 *
 * - Shapes: k public elements, or null where they are not known yet, in; k out.
 * - Cost: 1 round; the first party sends k elements to each of the n - 1 - t others.
 * - Security: passive adversary.
 * @see docs/spec/mpc.md 5.12.
 * @cost n = 3, 4 elements, opened and told to the others: passive 2 rounds, 192 bytes
 * @cost n = 4, 4 elements, opened and told to the others: passive 2 rounds, 288 bytes
 */
export async function tellOthers(party: Party, values: Vec | null, count: number): Promise<Vec> {
  const op = party.operation('tell')
  const readers = fewest(op)
  const step = op.step()
  if (!values) return op.receive(readers[0]!, step, count)
  if (op.index === readers[0]) for (const to of op.others) if (!readers.includes(to)) await op.send(to, step, values)
  return values
}
