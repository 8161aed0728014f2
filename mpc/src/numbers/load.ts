import { loadShares } from '../protocols/load.ts'
import type { Vec } from '../field/field.ts'
import type { Party } from '../session/party.ts'
import { secret, type Secret, type Shape } from './secret.ts'

/** Stored shares, and what is known of them. */
export interface Stored {
  readonly shares: Vec
  readonly shape: Shape
}

/**
 * Wraps stored shares after `loadShares` has tested them, all in one: a node whose shares do not fit is among `party.suspects`
 * afterwards and holds right ones where n >= 3t + 1; otherwise the session ends. Bounds are taken on trust: this is for what nodes keep
 * themselves, or have checked before (`foreignSecret`).
 *
 * - Shapes: vectors of shares of degree t, each with its shape, in; as many `Secret`s out.
 * - Accuracy: exact.
 * - Security, source: as `loadShares`.
 * @throws MPC_OPENING as `loadShares`.
 * @cost n = 3, 1 element: passive 0 rounds, 0 bytes; active, proved 2 rounds, 176 bytes
 * @cost n = 3, 40 elements: passive 0 rounds, 0 bytes; active, proved 2 rounds, 176 bytes
 * @cost n = 4, 1 element: passive 0 rounds, 0 bytes; active, proved 4 rounds, 363 bytes
 */
export async function loadSecrets(party: Party, stored: readonly Stored[]): Promise<Secret[]> {
  const op = party.operation('load-secrets')
  // wrong shapes are refused before anything is sent
  for (const { shares, shape } of stored) secret(op, shares, shape)
  const { vectors, wrong } = await loadShares(
    op,
    stored.map(({ shares }) => shares)
  )
  for (const node of wrong) op.session.state.suspects.add(node)
  return stored.map(({ shape }, i) => secret(op, vectors[i]!, shape))
}
