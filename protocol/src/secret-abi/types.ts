import type { Hex } from '../bytes.ts'

/** One parameter of a function, as the compiler of secret contracts writes it. */
export interface AbiParameter {
  readonly name: string
  readonly type: string
}

/** One entry of a secret contract's ABI: Ethereum's JSON form. */
export interface AbiEntry {
  readonly type: string // 'function' or 'constructor'
  readonly name?: string
  readonly inputs?: readonly AbiParameter[]
  readonly outputs?: readonly AbiParameter[]
  readonly stateMutability?: string
}
export type SecretContractAbi = readonly AbiEntry[]

/** The TypeScript type of an argument of ABI type T. Integers may be numbers where that is exact. */
export type AbiInput<T extends string> = T extends `${infer Item}[]`
  ? readonly AbiInput<Item>[]
  : T extends `${'uint' | 'int'}${string}`
    ? bigint | number
    : T extends 'bool'
      ? boolean
      : T extends 'string'
        ? string
        : T extends 'address'
          ? string
          : T extends `bytes${string}`
            ? string | Uint8Array
            : unknown

/** The TypeScript type of a result of ABI type T. All integers are bigint, bytes are hex, addresses have their EIP-55 checksum. */
export type AbiOutput<T extends string> = T extends `${infer Item}[]`
  ? AbiOutput<Item>[]
  : T extends `${'uint' | 'int'}${string}`
    ? bigint
    : T extends 'bool'
      ? boolean
      : T extends 'string'
        ? string
        : T extends 'address' | `bytes${string}`
          ? Hex
          : unknown

type Inputs<P extends readonly AbiParameter[]> = { [K in keyof P]: AbiInput<P[K]['type']> }
type Outputs<P extends readonly AbiParameter[]> = { -readonly [K in keyof P]: AbiOutput<P[K]['type']> }

type Functions<A extends SecretContractAbi> = Extract<A[number], { readonly type: 'function'; readonly name: string }>

/** Names of the functions of an ABI that is given `as const`; any string for one that is read at run time. */
export type FunctionName<A extends SecretContractAbi> = [Functions<A>] extends [never] ? string : Functions<A>['name']

type FunctionOf<A extends SecretContractAbi, N> = Extract<A[number], { readonly type: 'function'; readonly name: N }>

/** The parameters under a key of an entry, or never if they are not known before run time. */
type ParametersOf<E, K extends 'inputs' | 'outputs'> = [E] extends [never]
  ? never
  : E extends { readonly [_ in K]: infer P extends readonly AbiParameter[] }
    ? number extends P['length']
      ? never
      : P
    : never

/** Extract tells the compiler what it cannot see while the ABI is still open: that it is a list. */
type Arguments<P extends readonly AbiParameter[]> = [P] extends [never]
  ? readonly unknown[]
  : Extract<Inputs<P>, readonly unknown[]>

export type FunctionArgs<A extends SecretContractAbi, N> = Arguments<ParametersOf<FunctionOf<A, N>, 'inputs'>>

type ResultOf<P extends readonly AbiParameter[]> = [P] extends [never]
  ? unknown
  : P extends readonly []
    ? undefined
    : P extends readonly [infer Only extends AbiParameter]
      ? AbiOutput<Only['type']>
      : Outputs<P>

/** One result stands alone, several are a tuple, none is undefined. */
export type FunctionResult<A extends SecretContractAbi, N> = ResultOf<ParametersOf<FunctionOf<A, N>, 'outputs'>>

export type ConstructorArgs<A extends SecretContractAbi> = Arguments<
  ParametersOf<Extract<A[number], { readonly type: 'constructor' }>, 'inputs'>
>
