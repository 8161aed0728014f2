import { sha256 } from '@noble/hashes/sha2.js'
import {
  addressCodec,
  bytes32,
  concatBytes,
  fixedBytes,
  list,
  message,
  recoverSigner,
  SIGNATURE_BYTES,
  struct,
  text,
  toHex,
  u16,
  u8,
  uint,
  utf8,
  type Address,
  type Codec,
  type Hash
} from '@enigma/protocol'

/** The most nodes that a sharing has. */
export const MAX_NODES = 32

/** What nodes, validator and client agree on before a session: docs/spec/mpc-certificate.md. */
export interface Network {
  readonly prime: bigint
  readonly n: number
  /** Degree: T - 1. */
  readonly t: number
  readonly security: 'passive' | 'active'
  readonly statisticalBits: number
  /** Party i computes with the point i + 1 and signs with the key of nodes[i], in whatever order they connect. */
  readonly nodes: readonly Address[]
}

/**
 * What a node binds itself to before it hears the nonce: all it sent and received in the session so far, and its result shares.
 * `sent` and `received` have a root for each node, zeros at its own place.
 */
export interface Statement {
  readonly request: Hash // digest of what the client asked for: unique for each request
  readonly session: Hash
  readonly network: Hash
  readonly node: number
  readonly sent: readonly Hash[]
  readonly received: readonly Hash[]
  readonly result: Hash // commitment to its result shares
}

export interface SignedStatement {
  readonly statement: Statement
  readonly signature: Uint8Array
}

/** "With this nonce the final check passed": signed by a node for the statements it was shown. */
export interface Verdict {
  readonly statements: Hash // digest of all statements
  readonly nonce: Hash
  readonly node: number
}

export interface SignedVerdict {
  readonly verdict: Verdict
  readonly signature: Uint8Array
}

/** What the validator signs: which nodes vouch for which result of which request. It holds no share. */
export interface Certificate {
  readonly statements: readonly SignedStatement[]
  readonly nonce: Hash
  readonly verdicts: readonly SignedVerdict[]
  readonly time: number // seconds
}

export interface SignedCertificate {
  readonly certificate: Certificate
  readonly signature: Uint8Array
}

const networkCodec: Codec<Omit<Network, 'prime'> & { readonly prime: string }> = message('MpcNetwork', 1, {
  prime: text(64),
  n: u8,
  t: u8,
  security: text(7) as Codec<Network['security']>,
  statisticalBits: u16,
  nodes: list(addressCodec, MAX_NODES)
})
export const statementCodec: Codec<Statement> = message<Statement>('MpcStatement', 1, {
  request: bytes32(),
  session: bytes32(),
  network: bytes32(),
  node: u8,
  sent: list(bytes32(), MAX_NODES),
  received: list(bytes32(), MAX_NODES),
  result: bytes32()
})
export const verdictCodec: Codec<Verdict> = message<Verdict>('MpcVerdict', 1, {
  statements: bytes32(),
  nonce: bytes32(),
  node: u8
})
const signature = fixedBytes(SIGNATURE_BYTES)
export const signedStatementCodec = struct<SignedStatement>('SignedStatement', { statement: statementCodec, signature })
export const signedVerdictCodec = struct<SignedVerdict>('SignedVerdict', { verdict: verdictCodec, signature })
export const certificateCodec: Codec<Certificate> = message<Certificate>('MpcCertificate', 1, {
  statements: list(signedStatementCodec, MAX_NODES),
  nonce: bytes32(),
  verdicts: list(signedVerdictCodec, MAX_NODES),
  time: uint
})
export const signedCertificateCodec: Codec<SignedCertificate> = struct<SignedCertificate>('SignedCertificate', {
  certificate: certificateCodec,
  signature
})

/** SHA-256 under a label of its own, so that no signed bytes mean two things. */
export const labelled = (label: string, ...parts: readonly Uint8Array[]): Hash =>
  toHex(sha256(concatBytes(utf8(`enigma/mpc/${label}/1/`), ...parts))) as Hash

export const networkDigest = (network: Network): Hash =>
  labelled('network', networkCodec.encode({ ...network, prime: network.prime.toString(16) }))
export const sessionDigest = (session: string): Hash => labelled('session-name', utf8(session))
export const statementDigest = (statement: Statement): Hash => labelled('statement', statementCodec.encode(statement))
export const verdictDigest = (verdict: Verdict): Hash => labelled('verdict', verdictCodec.encode(verdict))
export const certificateDigest = (certificate: Certificate): Hash =>
  labelled('certificate', certificateCodec.encode(certificate))
/** Of all statements with their signatures, in order of node. */
export const statementsDigest = (statements: readonly SignedStatement[]): Hash =>
  labelled('statements', list(signedStatementCodec, MAX_NODES).encode(statements))

export function isSignedBy(signer: Address | undefined, digest: Hash, signed: Uint8Array): boolean {
  if (signer === undefined) return false
  try {
    return recoverSigner(digest, signed) === signer
  } catch {
    return false
  }
}
