import { randomBytes } from 'node:crypto'
import { addressOfPrivateKey, signDigest, type Address, type Hash } from '@enigma/protocol'
import type { ResultOpening } from '../src/certificate/commitment.ts'
import { certifiedRelease, type ValidatorHook } from '../src/certificate/certified-release.ts'
import {
  labelled,
  sessionDigest,
  type Network,
  type SignedCertificate,
  type SignedStatement
} from '../src/certificate/statement.ts'
import { recordTranscript, type TranscriptChannel, type TranscriptRoots } from '../src/certificate/transcript.ts'
import { Certifier } from '../src/certificate/validator.ts'
import { DEFAULT_PRIME, Field, type Vec } from '../src/field/field.ts'
import { agreeOnKeys } from '../src/session/keys.ts'
import { memoryChannels, type Intercept } from '../src/session/memory-channel.ts'
import { Party, type Security } from '../src/session/party.ts'

const key = (): Uint8Array => new Uint8Array(randomBytes(32))

/** Nodes and a validator with keys of their own, as an operator would set them up. */
export interface CertifiedNetwork {
  readonly network: Network
  readonly nodeKeys: readonly Uint8Array[]
  readonly validatorKey: Uint8Array
  readonly validator: Address
}

export function certifiedNetwork(n: number, t: number, security: Security = 'active'): CertifiedNetwork {
  const nodeKeys = Array.from({ length: n }, key)
  const validatorKey = key()
  const nodes = nodeKeys.map(addressOfPrivateKey)
  return {
    network: { prime: DEFAULT_PRIME, n, t, security, statisticalBits: 40, nodes },
    nodeKeys,
    validatorKey,
    validator: addressOfPrivateKey(validatorKey)
  }
}

export const freshRequest = (): Hash => labelled('request', key())

export interface CertifiedRun {
  readonly openings: (ResultOpening | undefined)[]
  readonly certificate: SignedCertificate | undefined
  /** Per node: null or what it threw. */
  readonly failures: (Error | null)[]
}

export interface Corruption {
  readonly intercept?: Intercept
  readonly roots?: (index: number, honest: TranscriptRoots) => TranscriptRoots
  /** What a corrupt validator does in place of the honest one. */
  readonly validator?: (index: number, honest: ValidatorHook, network: CertifiedNetwork) => ValidatorHook
  readonly commits?: (index: number, statement: SignedStatement) => SignedStatement
  readonly present?: readonly number[]
  readonly timeoutMs?: number
  /** Ends the session at all nodes. */
  readonly signal?: AbortSignal
}

/** Runs a program whose result is released with a certificate, at all nodes. */
export async function runCertified(
  setting: CertifiedNetwork,
  request: Hash,
  program: (party: Party) => Promise<Vec>,
  { intercept, roots, validator, commits, timeoutMs = 10_000, signal }: Corruption = {}
): Promise<CertifiedRun> {
  const { network, nodeKeys, validatorKey } = setting
  const { n, t, security } = network
  const session = randomBytes(16).toString('hex')
  const keys = await Promise.all(memoryChannels(n).map(channel => agreeOnKeys(channel, t, session, { timeoutMs })))
  const present = network.nodes.map((_, i) => i)
  const certifier = new Certifier({
    network,
    request,
    session: sessionDigest(session),
    present,
    privateKey: validatorKey,
    timeoutMs
  })
  const settled = await Promise.allSettled(
    memoryChannels(n, intercept).map(async (inner, index) => {
      const channel = recordTranscript(inner)
      const field = Field.of(network.prime)
      const party = Party.create({ field, n, t, channel, keys: keys[index]!, session, timeoutMs, security, signal })
      const honest: ValidatorHook = {
        commit: signed => certifier.commit(commits ? commits(index, signed) : signed),
        conclude: signed => certifier.conclude(signed)
      }
      return certifiedRelease(party, await program(party), {
        network,
        request,
        session,
        roots: () => (roots ? roots(index, channel.roots()) : channel.roots()),
        validator: validator ? validator(index, honest, setting) : honest,
        sign: digest => signDigest(digest, nodeKeys[index]!)
      })
    })
  )
  const done = settled.map(result => (result.status === 'fulfilled' ? result.value : undefined))
  return {
    openings: done.map(result => result?.opening),
    certificate: done.find(result => result)?.certificate,
    failures: settled.map(result => (result.status === 'rejected' ? (result.reason as Error) : null))
  }
}

/** For programs that are given their party: a validator for one run, made at the first call. */
export function certifiedBy(
  setting: CertifiedNetwork,
  request: Hash
): {
  at(party: Party): { channel: TranscriptChannel; release: (recorded: Party, shares: Vec) => Promise<Vec> }
} {
  const { network, nodeKeys, validatorKey } = setting
  let certifier: Certifier | undefined
  return {
    at(party) {
      const { channel: inner, timeoutMs } = party.session
      const session = party.id
      certifier ??= new Certifier({
        network,
        request,
        session: sessionDigest(session),
        present: network.nodes.map((_, i) => i),
        privateKey: validatorKey,
        timeoutMs
      })
      const validator = certifier
      const channel = recordTranscript(inner)
      return {
        channel,
        async release(recorded, shares) {
          const { opening } = await certifiedRelease(recorded, shares, {
            network,
            request,
            session,
            roots: channel.roots,
            validator: { commit: signed => validator.commit(signed), conclude: signed => validator.conclude(signed) },
            sign: digest => signDigest(digest, nodeKeys[party.index]!)
          })
          return recorded.field.fromBytes(opening.shares.slice())
        }
      }
    }
  }
}
