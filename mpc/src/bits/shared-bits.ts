import { joinRows, xor, type Words } from './rows.ts'

/**
 * Bits shared among three parties: the XOR of components 0, 1 and 2, of which party e knows all but component e.
 * `first` is component index + 1 and `second` component index + 2 (mod 3), seen from the party that holds them.
 */
export interface SharedBits {
  readonly first: Words
  readonly second: Words
}

export const xorShared = (x: SharedBits, y: SharedBits): SharedBits => ({
  first: xor(x.first, y.first),
  second: xor(x.second, y.second)
})

export const mapShared = (x: SharedBits, each: (words: Words) => Words): SharedBits => ({
  first: each(x.first),
  second: each(x.second)
})

export const joinShared = (parts: readonly SharedBits[]): SharedBits => ({
  first: joinRows(parts.map(part => part.first)),
  second: joinRows(parts.map(part => part.second))
})
