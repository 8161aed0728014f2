import { argmax, eq, max, publicValue, select, sub } from '@enigma/mpc'
import { compute } from './local-network.ts'

/** A second-price auction: the highest bidder pays the second highest bid. No other bid becomes known. */
export async function secondPriceAuction(bids: readonly number[]): Promise<{ winner: number; price: number }> {
  const [[winner], [price]] = (await compute({ bids: { values: bids, magnitude: 40 } }, async (party, inputs) => {
    const position = await argmax(party, inputs.bids)
    const places = publicValue(
      party,
      bids.map((_, i) => i)
    )
    const isWinner = await eq(party, places, position)
    const lowest = sub(party, inputs.bids, inputs.bids) // zeros: a bid is not negative
    return [position, await max(party, await select(party, isWinner, lowest, inputs.bids))]
  })) as [[number], [number]]
  return { winner, price }
}

if (import.meta.main) console.log(await secondPriceAuction([120, 450, 300, 449, 80]))
