import { fromHex, keccak256, type Hex } from '@enigma/protocol'

/** Whether a block's bloom filter may hold a value: an address or a topic. False is certain, true is likely. */
export function bloomMayHold(bloom: string, value: Hex): boolean {
  const bits = fromHex(bloom)
  const hash = fromHex(keccak256(fromHex(value)))
  return [0, 2, 4].every(i => {
    const bit = ((hash[i]! << 8) | hash[i + 1]!) & 2047
    return ((bits[255 - (bit >> 3)]! >> (bit & 7)) & 1) === 1
  })
}
