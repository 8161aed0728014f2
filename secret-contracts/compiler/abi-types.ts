/** A type that may stand in the signature of an exported function. */
export interface AbiType {
  /** As in Ethereum's ABI: `uint256`, `address[]`. */
  readonly abi: string
  /** As in the generated AssemblyScript: `u256`, `Array<Address>`. */
  readonly source: string
  /** Method of AbiReader and AbiWriter; arrays have none. */
  readonly method: string | undefined
  readonly element: AbiType | undefined
}

const scalar = (abi: string, source: string, method: string): AbiType => ({ abi, source, method, element: undefined })

const SCALARS = new Map<string, AbiType>()
for (const [names, type] of [
  ['u256 uint256', scalar('uint256', 'u256', 'u256')],
  ['u64 uint64', scalar('uint64', 'u64', 'u64')],
  ['u32 uint32', scalar('uint32', 'u32', 'u32')],
  ['u16 uint16', scalar('uint16', 'u16', 'u16')],
  ['u8 uint8', scalar('uint8', 'u8', 'u8')],
  ['bool', scalar('bool', 'bool', 'bool')],
  ['Address', scalar('address', 'Address', 'address')],
  ['Bytes32', scalar('bytes32', 'Bytes32', 'bytes32')],
  ['Bytes Uint8Array', scalar('bytes', 'Uint8Array', 'bytes')],
  ['string String', scalar('string', 'string', 'string')]
] as const) {
  for (const name of names.split(' ')) SCALARS.set(name, type)
}

/** The types an exported function may take and return, for messages. */
export const TYPE_NAMES = 'u256, u64, u32, u16, u8, bool, Address, Bytes32, Bytes, string, and arrays of them'

export const scalarType = (name: string): AbiType | undefined => SCALARS.get(name)

export const arrayOf = (element: AbiType): AbiType => ({
  abi: `${element.abi}[]`,
  source: `Array<${element.source}>`,
  method: undefined,
  element
})

export interface AbiParameter {
  readonly name: string
  readonly type: AbiType
}

export interface AbiFunction {
  readonly name: string
  readonly inputs: readonly AbiParameter[]
  readonly output: AbiType | undefined
  /** Marked `@view`: it promises to change nothing, so it can be queried without a transaction. */
  readonly view: boolean
}

/** What a contract's main file exports. */
export interface ContractInterface {
  readonly constructorInputs: readonly AbiParameter[] | undefined
  readonly functions: readonly AbiFunction[]
}

/** `addMillionaire(address,uint256)` */
export const signatureOf = ({ name, inputs }: Pick<AbiFunction, 'name' | 'inputs'>): string =>
  `${name}(${inputs.map(({ type }) => type.abi).join(',')})`

/** The ABI as Ethereum's tools read it. */
export function abiJson({ constructorInputs, functions }: ContractInterface): object[] {
  const list = (inputs: readonly AbiParameter[]): object[] => inputs.map(({ name, type }) => ({ name, type: type.abi }))
  return [
    { type: 'constructor', inputs: list(constructorInputs ?? []), stateMutability: 'nonpayable' },
    ...functions.map(({ name, inputs, output, view }) => ({
      type: 'function',
      name,
      inputs: list(inputs),
      outputs: output === undefined ? [] : [{ name: '', type: output.abi }],
      stateMutability: view ? 'view' : 'nonpayable'
    }))
  ]
}
