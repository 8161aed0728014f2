import { concatBytes, fromHex, keccak256, signDigest, toHex, type Address, type Hash, type Hex } from '@enigma/protocol'

/** A transaction of type 2 (EIP-1559) without an access list, as our senders make it. */
export interface FeeTransaction {
  readonly chainId: bigint
  readonly nonce: number
  readonly to: Address
  readonly data: Hex
  readonly gasLimit: bigint
  readonly maxFeePerGas: bigint // wei
  readonly tip: bigint // wei
}

const TYPE = Uint8Array.of(0x02)
const NOTHING = new Uint8Array()

/** RLP (Yellow Paper, appendix B): the length of bytes, or of a list's items, in front of them. */
function headed(offset: number, bytes: Uint8Array): Uint8Array {
  if (bytes.length <= 55) return concatBytes(Uint8Array.of(offset + bytes.length), bytes)
  const length = minimal(BigInt(bytes.length))
  return concatBytes(Uint8Array.of(offset + 55 + length.length), length, bytes)
}
const rlpBytes = (bytes: Uint8Array): Uint8Array =>
  bytes.length === 1 && bytes[0]! < 0x80 ? bytes : headed(0x80, bytes)
const rlpList = (items: readonly Uint8Array[]): Uint8Array => headed(0xc0, concatBytes(...items))

/** A number big endian, without leading zeros; 0 is nothing. */
function minimal(value: bigint): Uint8Array {
  if (value === 0n) return NOTHING
  const digits = value.toString(16)
  return fromHex(`0x${digits.length % 2 === 0 ? digits : `0${digits}`}`)
}
const rlpNumber = (value: bigint): Uint8Array => rlpBytes(minimal(value))

/**
 * Signs a transaction. A receipt that is ready waits for this, and the library's general encoder takes two and a half times as long:
 * docs/adr/prepared-hashing.md.
 */
export function signTransaction(
  tx: FeeTransaction,
  privateKey: Uint8Array
): { readonly raw: Hex; readonly hash: Hash } {
  const { chainId, nonce, to, data, gasLimit, maxFeePerGas, tip } = tx
  const fields = [
    ...[chainId, BigInt(nonce), tip, maxFeePerGas, gasLimit].map(rlpNumber),
    rlpBytes(fromHex(to, 20)),
    rlpNumber(0n), // value
    rlpBytes(fromHex(data)),
    rlpList([]) // access list
  ]
  const signature = signDigest(keccak256(concatBytes(TYPE, rlpList(fields))), privateKey)
  const [r, s] = [signature.subarray(0, 32), signature.subarray(32, 64)].map(part => rlpNumber(BigInt(toHex(part))))
  const raw = concatBytes(TYPE, rlpList([...fields, rlpNumber(BigInt(signature[64]! - 27)), r!, s!]))
  return { raw: toHex(raw), hash: keccak256(raw) }
}
