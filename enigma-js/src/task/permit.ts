/** How a record takes its fee: by a standing allowance, or by an EIP-2612 signature over exactly the fee. */
export type Payment = { readonly kind: 'allowance' } | Permit

export interface Permit {
  readonly kind: 'permit'
  readonly nonce: bigint
  readonly deadline: number // seconds
  readonly v: number
  readonly r: string
  readonly s: string
}
