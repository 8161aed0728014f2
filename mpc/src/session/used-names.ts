import { parameterError } from '../errors.ts'
import type { PartyKeys } from './keys.ts'

/** Then it is time for keys of a new epoch: about 100 bytes are kept for each session. */
export const MAX_SESSIONS_OF_KEYS = 1_000_000

/** Beside the keys of each party: the sessions that drew from them. */
const used = new WeakMap<PartyKeys, Set<string>>()

/**
 * Takes the name of a session, with all that its nodes agreed on, under these keys: for ever, because the masks of a second session of
 * that name would be those of the first. Keys that a process agreed on or read afresh have a new list: never keep keys longer than it.
 * @throws MPC_PARAMETERS if it was taken before, or too many were.
 */
export function takeName(keys: PartyKeys, root: string): void {
  let names = used.get(keys)
  if (!names) used.set(keys, (names = new Set()))
  if (names.has(root)) {
    throw parameterError(
      'session',
      'A session of this name has run under these keys: its masks would be used twice.',
      'Give every session a name of its own, such as a random or a counted one.'
    )
  }
  if (names.size >= MAX_SESSIONS_OF_KEYS) {
    throw parameterError('keys', `${MAX_SESSIONS_OF_KEYS} sessions have run under these keys.`, 'Agree on new keys.')
  }
  names.add(root)
}
