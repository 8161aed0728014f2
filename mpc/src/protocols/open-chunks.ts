import type { Vec } from '../field/field.ts'
import { CHUNK_ELEMENTS, type Party } from '../session/party.ts'
import type { Row } from '../sharing/shamir.ts'
import { breathe } from './reshare.ts'

/**
 * As `openTrusting`, for long vectors: shares are made, sent, received and used in chunks, so that computing and sending overlap and
 * nothing leaves the processor's caches in between. `use` sees the chunks in order, after all of `make` was called.
 *
 * - Shapes: `count` elements on polynomials of that degree.
 * - Cost: 1 round; each party sends degree * count elements.
 * - Security: passive adversary.
 * `join` makes the opened values of the rows, which are Shamir shares if nothing else is said.
 * @see docs/spec/mpc.md 4.1.
 * @cost n = 3, 4 elements: passive 1 round, 96 bytes
 * @cost n = 4, 4 elements: passive 1 round, 96 bytes
 */
export async function openTrustingInChunks(
  party: Party,
  count: number,
  degree: number,
  make: (from: number, to: number) => Vec,
  use: (opened: Vec, from: number, to: number) => void,
  join?: (rows: readonly Row[]) => Vec
): Promise<void> {
  const op = party.operation('open')
  const { index, session } = op
  const { present, shamir } = session
  const [place, size] = [present.indexOf(index), present.length]
  const chunks = Math.ceil(count / CHUNK_ELEMENTS)
  const first = op.step(chunks)
  const own: Vec[] = []
  for (let chunk = 0; chunk < chunks; chunk++) {
    const from = chunk * CHUNK_ELEMENTS
    const shares = make(from, Math.min(count, from + CHUNK_ELEMENTS))
    own.push(shares)
    for (let back = 1; back <= degree; back++) {
      const pressure = op.send(present[(place + size - back) % size]!, first + chunk, shares)
      if (pressure) await pressure
    }
    if (chunk % 2 === 1) await breathe()
  }
  for (let chunk = 0; chunk < chunks; chunk++) {
    const from = chunk * CHUNK_ELEMENTS
    const to = Math.min(count, from + CHUNK_ELEMENTS)
    const rows: Row[] = [{ index, shares: own[chunk]! }]
    for (let ahead = 1; ahead <= degree; ahead++) {
      const other = present[(place + ahead) % size]!
      rows.push({ index: other, shares: await op.receive(other, first + chunk, to - from) })
    }
    use(join ? join(rows) : shamir.interpolate(rows), from, to)
    if (chunk % 2 === 1) await breathe()
  }
}
