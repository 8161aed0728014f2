import { Address, List, Packer, require, u256, Unpacker } from '@enigma/sdk'

/** Yao's millionaires: who is richest, without anybody learning what the others own. */
class Millionaire {
  address: Address = Address.zero
  netWorth: u256 = u256.zero

  pack(out: Packer): void {
    out.put(this.address)
    out.put(this.netWorth)
  }

  unpack(from: Unpacker): void {
    this.address = from.get<Address>()
    this.netWorth = from.get<u256>()
  }
}

const millionaires = new List<Millionaire>('millionaires')

/** Adds one entry. An address that is added twice stands in the list twice, and each entry counts for itself. */
export function addMillionaire(who: Address, netWorth: u256): void {
  const entry = new Millionaire()
  entry.address = who
  entry.netWorth = netWorth
  millionaires.push(entry)
}

/** The address with the highest net worth. Of several with the same, the one that was added first. */
@view
export function computeRichest(): Address {
  const count = millionaires.length
  require(count > 0, 'nobody has been added yet')
  let richest = millionaires.get(0)
  for (let i: u32 = 1; i < count; i++) {
    const next = millionaires.get(i)
    if (next.netWorth > richest.netWorth) richest = next
  }
  return richest.address
}
