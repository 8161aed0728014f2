import type { Party } from '../session/party.ts'
import { broadcast } from './broadcast.ts'

/**
 * Which parties say yes: the same answer at all honest parties, whatever corrupt ones tell whom, if present >= 3t + 1.
 *
 * - Shapes: one bit of each party in; the parties that say yes out.
 * - Cost: that of `broadcast` of one byte: t + 1 rounds.
 * - Security: any t corrupt parties. An honest party's own bit stands.
 * - Source: as `broadcast`.
 * @cost n = 4, 1 bit: passive 2 rounds, 12 bytes; active, proved 2 rounds, 12 bytes
 */
export async function whoSays(party: Party, yes: boolean): Promise<number[]> {
  const said = await broadcast(party.operation('who-says'), Uint8Array.of(yes ? 1 : 0))
  return party.session.present.filter((_, place) => said[place]![0] === 1)
}
