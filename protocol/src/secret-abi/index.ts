/** The ABI of secret contracts: its types, and call data and results by it. An entry of its own, because no enclave needs it. */
export {
  decodeResult,
  encodeCall,
  encodeConstructor,
  functionsOf,
  type EncodedCall,
  type FunctionEntry
} from './codec.ts'
export { AbiError, type AbiFailure } from './errors.ts'
export type * from './types.ts'
