import { context, require, state, u256, Address } from '@enigma/sdk'

/** Keeps the highest secret bid, and shows only who made it. */
export function bid(amount: u256): void {
  require(amount > u256.zero, 'bid more than nothing')
  if (!state.has('amount') || amount > state.get<u256>('amount')) {
    state.set<u256>('amount', amount)
    state.set<Address>('bidder', context.caller())
  }
}

@view
export function leader(): Address {
  require(state.has('bidder'), 'nobody has bid yet')
  return state.get<Address>('bidder')
}
