import { Address, context, ethereum, log, Mapping, random, require, u256 } from '@enigma/sdk'

/** Does what the samples do not: reads the clock, logs, fails after it wrote, calls Ethereum back, never ends. */
const kept = new Mapping<Address, u256>('kept')

export function constructor(first: u256): void {
  require(!first.isZero(), 'begin with something')
  kept.set(context.caller(), first)
}

export function keep(value: u256): void {
  kept.set(context.caller(), value)
  log('kept')
  require(u256.from(100) > value, 'that is too much')
}

@view
export function keptOf(who: Address): u256 {
  return kept.getOr(who, u256.zero)
}

@view
export function block(): u64 {
  return context.blockNumber()
}

@view
export function time(): u64 {
  return context.blockTime()
}

export function dice(): u64 {
  return random.below(1_000_000_000)
}

export function callEthereum(target: Address): void {
  ethereum.callBack(target, new Uint8Array(4), 50_000)
}

export function spin(): void {
  while (true) {}
}

@view
export function echo(text: string): string {
  return text
}
