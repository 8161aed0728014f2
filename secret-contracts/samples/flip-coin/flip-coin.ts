import { Address, context, Mapping, random, require } from '@enigma/sdk'

/** Coins that were tossed and not yet guessed, by who asked for the toss. */
const tossed = new Mapping<Address, u32>('tossed')

/** Flips a coin: 0 or 1, with even chances. */
@view
export function flip(): u32 {
  return <u32>random.coin()
}

/** Tosses a coin and keeps the side secret until the caller guesses. A second toss replaces the first. */
export function commit(): void {
  tossed.set(context.caller(), <u32>random.coin())
}

/** True if the caller's last toss shows `side`. Each toss can be guessed once. */
export function guess(side: u32): bool {
  require(side <= 1, 'a coin has the sides 0 and 1')
  const player = context.caller()
  require(tossed.has(player), 'toss the coin first: call commit()')
  const shown = tossed.get(player)
  tossed.remove(player)
  return shown == side
}
