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

/** The TypeScript type of an argument. Integers may be numbers where that is exact. */
type Input<T extends string> = T extends `${infer Item}[]`
  ? readonly Input<Item>[]
  : T extends `uint${string}`
    ? bigint | number
    : T extends 'bool'
      ? boolean
      : T extends 'string' | 'address'
        ? string
        : T extends `bytes${string}`
          ? string | Uint8Array
          : unknown

/** The TypeScript type of a result: integers are bigint, bytes are hex, addresses have their checksum. */
type Output<T extends string> = T extends `${infer Item}[]`
  ? Output<Item>[]
  : T extends `uint${string}`
    ? bigint
    : T extends 'bool'
      ? boolean
      : T extends 'string' | 'address' | `bytes${string}`
        ? string
        : unknown

type Inputs<P> = P extends readonly AbiParameter[]
  ? { [K in keyof P]: P[K] extends AbiParameter ? Input<P[K]['type']> : never }
  : readonly unknown[]

/** Functions of the SDK return one value or nothing. */
type Result<P> = P extends readonly []
  ? undefined
  : P extends readonly [infer Only extends AbiParameter]
    ? Output<Only['type']>
    : unknown

type Functions<A extends SecretContractAbi> = Extract<A[number], { readonly type: 'function'; readonly name: string }>

type Property<E, K extends string> = E extends { readonly [_ in K]: infer P } ? P : never

/** The functions of an ABI that is given `as const`, by name. */
type Known<A extends SecretContractAbi, Options> = {
  readonly [F in Functions<A> as F['name']]: (
    ...args: [...Extract<Inputs<Property<F, 'inputs'>>, readonly unknown[]>, options?: Options]
  ) => Promise<Result<Property<F, 'outputs'>>>
}

// Nothing is known of an ABI that is read at run time; a stricter type would only make every test cast.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Unknown = Readonly<Record<string, any>>

/** Functions by name, each taking its arguments and, behind them, options. */
export type FunctionsOf<A extends SecretContractAbi, Options> = [Functions<A>] extends [never]
  ? Unknown
  : Known<A, Options>

/** What a constructor takes; none without a constructor. */
export type ConstructorArgs<A extends SecretContractAbi> = [
  Extract<A[number], { readonly type: 'constructor' }>
] extends [never]
  ? readonly unknown[]
  : Extract<Inputs<Property<Extract<A[number], { readonly type: 'constructor' }>, 'inputs'>>, readonly unknown[]>
