import type { NumberFormat } from '../src/plan/room.ts'

/** What the parent process and a party process say to each other over Node's IPC channel. Serialization is 'advanced'. */
export interface PartySetup {
  readonly index: number
  readonly n: number
  readonly t: number
  readonly prime: bigint
  /** One shared secret for each pair; this party's row, null at its own place. */
  readonly secrets: readonly (Uint8Array | null)[]
  readonly timeoutMs: number
  readonly security: 'passive' | 'active'
  readonly numbers: NumberFormat
}

export type ToParty =
  | { readonly kind: 'setup'; readonly setup: PartySetup }
  | { readonly kind: 'connect'; readonly ports: readonly number[] }
  | {
      readonly kind: 'run'
      readonly id: number
      readonly program: string
      readonly session: string
      readonly argument: unknown
    }

export interface Measured {
  readonly seconds: number
  readonly cpuSeconds: number
  readonly bytes: number
  readonly rounds: number
  readonly rssBytes: number
  /** 99th percentile of how late a 5 ms timer came while the program ran. */
  readonly lagMs: number
}

export type FromParty =
  | { readonly kind: 'listening'; readonly port: number }
  | { readonly kind: 'ready' }
  | { readonly kind: 'result'; readonly id: number; readonly value: unknown; readonly measured: Measured }
  | { readonly kind: 'error'; readonly id: number; readonly code: string; readonly message: string }
