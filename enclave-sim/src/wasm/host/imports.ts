/** The two number types of a secret contract. */
export type ValueType = 'i32' | 'i64'

export interface FuncType {
  readonly params: readonly ValueType[]
  readonly results: readonly ValueType[] // none or one
}

const sig = (params: string, result?: ValueType): FuncType => ({
  params: (params === '' ? [] : params.split(' ')) as ValueType[],
  results: result === undefined ? [] : [result]
})

export const HOST_MODULE = 'enigma'

/** Everything a secret contract can reach outside itself. Parameters are pointers and lengths in its memory; docs/spec/secret-contracts.md. */
export const HOST_IMPORTS = {
  input_length: sig('', 'i32'),
  input_copy: sig('i32'),
  output_set: sig('i32 i32'),
  revert: sig('i32 i32'),
  bad_input: sig('i32 i32'),
  state_length: sig('i32 i32', 'i32'),
  state_read: sig('i32 i32 i32 i32', 'i32'),
  state_write: sig('i32 i32 i32 i32'),
  state_remove: sig('i32 i32', 'i32'),
  caller: sig('i32'),
  contract_address: sig('i32'),
  block_number: sig('', 'i64'),
  block_time: sig('', 'i64'),
  random: sig('i32 i32'),
  keccak256: sig('i32 i32 i32'),
  ecrecover: sig('i32 i32 i32', 'i32'),
  encrypt: sig('i32 i32 i32 i32', 'i32'),
  decrypt: sig('i32 i32 i32 i32', 'i32'),
  callback_set: sig('i32 i32 i32 i32'),
  log: sig('i32 i32')
} as const satisfies Record<string, FuncType>

export type HostImport = keyof typeof HOST_IMPORTS

export const isHostImport = (name: string): name is HostImport => Object.hasOwn(HOST_IMPORTS, name)

export const sameType = (a: FuncType, b: FuncType): boolean =>
  a.params.join() === b.params.join() && a.results.join() === b.results.join()

/** `(i32, i32) -> i64`, for messages. */
export const showType = (type: FuncType): string => `(${type.params.join(', ')}) -> ${type.results[0] ?? 'nothing'}`
