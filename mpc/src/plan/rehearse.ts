import type { Vec } from '../field/field.ts'
import type { Party } from '../session/party.ts'
import { isFromOwner } from '../sharing/owners.ts'

/**
 * Runs a program without its messages: every operation derives bounds and shapes as it would, on vectors of zeros, and nothing is sent
 * or drawn. What a later step would refuse is so refused before the first one begins.
 *
 * What the program would open is 0 here, so it must not depend on opened values in which operations it comes to; those that would not end or
 * make no sense with zeros cannot be rehearsed.
 * @throws MPC_RANGE, MPC_SHAPE and whatever else the program's operations refuse.
 */
export async function rehearse(party: Party, program: (party: Party) => Promise<unknown>): Promise<void> {
  await program(party.rehearsal())
}

/** Rehearsals remembered for a session. */
const MAX_REMEMBERED = 1_024

/**
 * An operation made of several: rehearsed as a whole before the first of them sends anything. Inside another such operation, and inside a
 * rehearsal, that has been done; and so it has if the session has rehearsed it before on operands of this kind.
 *
 * @param operands everything that `run` reads: their bounds and shapes decide whether it is refused, the shares do not
 */
export async function planned<T>(
  party: Party,
  name: string,
  operands: readonly unknown[],
  run: (op: Party) => Promise<T>
): Promise<T> {
  const op = party.operation(name)
  if (!op.isPlanned) {
    const { rehearsed } = op.session
    const outline = `${name} ${JSON.stringify(operands, outlined)}`
    if (!rehearsed.has(outline)) {
      await run(op.rehearsal())
      if (rehearsed.size >= MAX_REMEMBERED) rehearsed.clear()
      rehearsed.add(outline)
    }
    op.isPlanned = true
  }
  return run(op)
}

/** Of shares only how many there are, and whose. */
const outlined = (_: string, value: unknown): unknown =>
  ArrayBuffer.isView(value)
    ? { length: value.byteLength, isFromOwner: isFromOwner(value as Vec) }
    : typeof value === 'bigint'
      ? `${value}n`
      : value
