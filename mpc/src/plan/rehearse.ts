import type { Party } from '../session/party.ts'

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

/**
 * An operation made of several: rehearsed as a whole before the first of them sends anything. Inside another such operation, and inside a
 * rehearsal, that has been done.
 */
export async function planned<T>(party: Party, name: string, run: (op: Party) => Promise<T>): Promise<T> {
  const op = party.operation(name)
  if (!op.isPlanned) {
    await run(op.rehearsal())
    op.isPlanned = true
  }
  return run(op)
}
