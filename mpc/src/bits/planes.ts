import type { GateClaims } from './claims.ts'
import { joinRows, type Words } from './rows.ts'

/** Operands of many gates, one bit each, in words; all of one length. */
export interface Planes {
  readonly own: GateClaims['own']
  readonly previous: GateClaims['previous']
  readonly next: GateClaims['next']
}

/** Keeps the lowest `lanes` bits of each word, several words to one. */
function compact(words: Words, lanes: number): Words {
  const each = Math.floor(32 / lanes)
  if (each === 1) return words
  const mask = 2 ** lanes - 1
  const out = new Uint32Array(Math.ceil(words.length / each))
  for (let i = 0; i < words.length; i++) {
    const place = Math.floor(i / each)
    out[place] = out[place]! | ((words[i]! & mask) << ((i - place * each) * lanes))
  }
  return out
}

/** All gates of a batch side by side. Layers with few numbers leave most of each word unused, so their words are packed. */
export function gather(layers: readonly GateClaims[]): Planes {
  const join = (pick: (layer: GateClaims) => Words): Words =>
    joinRows(layers.map(layer => compact(pick(layer), layer.lanes)))
  return {
    own: {
      a: join(({ own }) => own.a),
      b: join(({ own }) => own.b),
      a2: join(({ own }) => own.a2),
      b2: join(({ own }) => own.b2),
      e1: join(({ own }) => own.e1),
      e2: join(({ own }) => own.e2)
    },
    previous: {
      a2: join(({ previous }) => previous.a2),
      b2: join(({ previous }) => previous.b2),
      e1: join(({ previous }) => previous.e1)
    },
    next: {
      a: join(({ next }) => next.a),
      b: join(({ next }) => next.b),
      e2: join(({ next }) => next.e2)
    }
  }
}

/** Words [from, to) of every plane. */
export function cut({ own, previous, next }: Planes, from: number, to: number): Planes {
  const part = (words: Words): Words => words.subarray(from, to)
  return {
    own: {
      a: part(own.a),
      b: part(own.b),
      a2: part(own.a2),
      b2: part(own.b2),
      e1: part(own.e1),
      e2: part(own.e2)
    },
    previous: { a2: part(previous.a2), b2: part(previous.b2), e1: part(previous.e1) },
    next: { a: part(next.a), b: part(next.b), e2: part(next.e2) }
  }
}
