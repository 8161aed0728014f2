import type { Words } from './rows.ts'

/** What one party owes, and is owed, a proof of: a layer of AND gates, 32 to a word. See `gate-proof.ts`. */
export interface GateClaims {
  /** Bits of each word that count: 32, or fewer where a row holds fewer numbers. */
  readonly lanes: number
  /** The party's own gates: a, b of its first component and a', b' of its second; e2 and e1 are what its neighbours know. */
  readonly own: {
    readonly a: Words
    readonly b: Words
    readonly a2: Words
    readonly b2: Words
    readonly e1: Words
    readonly e2: Words
  }
  /** Of the previous party's gates: what it shares with this one. */
  readonly previous: { readonly a2: Words; readonly b2: Words; readonly e1: Words }
  /** Of the next party's gates. */
  readonly next: { readonly a: Words; readonly b: Words; readonly e2: Words }
}
