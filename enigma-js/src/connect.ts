import {
  type ATTESTATION_MODE_SIMULATION,
  ProtocolError,
  ZERO_ADDRESS,
  address,
  fromAsciiBytes32,
  hash,
  type Address,
  type Hash,
  type InfoResult
} from '@enigma/protocol'
import type { Account } from './account/account.ts'
import { Chain } from './chain/chain.ts'
import { isRevert } from './chain/revert.ts'
import { ClientError } from './errors.ts'
import { callWorker, wrongAnswer } from './rpc/call.ts'
import type { Workers } from './rpc/workers.ts'
import { verifyEvidence, type EvidenceRules } from './seats/evidence.ts'
import type { ClientStorage } from './storage/storage.ts'

/** The network that the caller means. */
export interface NetworkOptions {
  /** Address of the Enigma contract. */
  readonly enigma: string
  /** JSON-RPC address of a worker, or of several to be tried in turn. */
  readonly rpc: string | readonly string[]
  /** The kind of evidence to accept. `simulation` protects nothing: say so to your users. */
  readonly mode: typeof ATTESTATION_MODE_SIMULATION
  /** Accepted enclave code; default: the contract's own list. */
  readonly measurements?: readonly string[]
  /** Default: the network's on a development chain, at least 12 elsewhere. */
  readonly confirmations?: number
}

/** Chain ids of development chains, where one confirmation is enough because nobody reorganises them. */
const DEVELOPMENT_CHAINS: readonly bigint[] = [1337n, 31337n]
const PUBLIC_CONFIRMATIONS = 12
const MAX_CONFIRMATIONS = 128

/** Opens the chain and checks that there is an Enigma contract of the expected mode. @throws ENIGMA_NOT_FOUND, ENIGMA_MODE_FOREIGN */
export async function openChain({ provider, chainId }: Account, network: NetworkOptions): Promise<Chain> {
  const chain = new Chain(provider, chainId, readAddress(network.enigma))
  let mode: string
  try {
    mode = fromAsciiBytes32(hash((await chain.read('attestationMode'))[0] as string))
  } catch (error) {
    if (!isRevert(error) && (error as { code?: unknown }).code !== 'BAD_DATA') throw error
    throw new ClientError(
      { code: 'ENIGMA_NOT_FOUND', enigma: chain.enigma },
      `There is no Enigma contract at ${chain.enigma} on chain ${chainId}.`,
      { cause: error }
    )
  }
  if (mode !== network.mode) {
    throw new ClientError(
      { code: 'ENIGMA_MODE_FOREIGN', expected: network.mode, found: mode },
      `The Enigma contract accepts evidence of the mode '${mode}', not '${network.mode}'.`
    )
  }
  return chain
}

/** @throws CLIENT_SETTING */
export function readAddress(text: string, what = 'network.enigma'): Address {
  try {
    return address(text)
  } catch (cause) {
    if (!(cause instanceof ProtocolError)) throw cause
    throw new ClientError({ code: 'CLIENT_SETTING', what }, `${what} must be an Ethereum address.`, {
      hint: 'It has 40 hexadecimal digits after 0x.',
      cause
    })
  }
}

/** What every piece of evidence on this network must satisfy. The principal is registered once and for ever. */
export function evidenceRules(chain: Chain, { mode, measurements }: NetworkOptions): () => Promise<EvidenceRules> {
  const allowed = measurements?.map(value => hash(value))
  let principal: Promise<Address> | undefined
  return async () => {
    principal ??= chain.principalSigner()
    principal.catch(() => (principal = undefined))
    return {
      mode,
      chainId: chain.chainId,
      enigma: chain.enigma,
      principalSigner: await principal,
      allows: async value => (allowed ? allowed.includes(value) : chain.measurementAllowed(value)),
      nowSeconds: Math.floor(Date.now() / 1000)
    }
  }
}

/** The facts that an entry worker gave and the chain confirmed. */
export interface EntryFacts {
  readonly info: InfoResult
  readonly deploymentBlockHash: Hash
  readonly confirmations: number
}

/** Finds a worker of this very network, with good evidence. @throws CHAIN_FOREIGN, EVIDENCE_*, WORKER_UNREACHABLE */
export function enterNetwork(
  chain: Chain,
  workers: Workers,
  rules: () => Promise<EvidenceRules>,
  network: NetworkOptions
): Promise<EntryFacts> {
  return workers.any(async url => {
    const info = await callWorker(url, 'getInfo', {})
    const { operator, deploymentBlockHash } = await requireSameNetwork(chain, url, info)
    const signer = info.attested?.report.signer
    const who = `the worker at ${url}`
    await verifyEvidence(info.attested, { who, signer: signer ?? ZERO_ADDRESS, operator }, await rules())
    return { info, deploymentBlockHash, confirmations: confirmationsOf(chain.chainId, info, network) }
  })
}

async function requireSameNetwork(
  chain: Chain,
  url: string,
  info: InfoResult
): Promise<{ operator: Address; deploymentBlockHash: Hash }> {
  const foreign = (what: string): ClientError =>
    new ClientError(
      { code: 'CHAIN_FOREIGN', what },
      `The worker at ${url} belongs to another network: its ${what} differs.`,
      { hint: 'Check network.rpc, network.enigma and the chain of the wallet.' }
    )
  if (info.chainId !== chain.chainId.toString()) throw foreign('chain id')
  if (info.enigma !== chain.enigma) throw foreign('Enigma contract')
  let facts: { operator: Address; deploymentBlockHash: Hash }
  try {
    facts = { operator: address(info.operator), deploymentBlockHash: hash(info.deploymentBlockHash) }
  } catch (cause) {
    throw wrongAnswer(url, 'getInfo does not parse', cause)
  }
  if (!(await chain.knowsBlock(facts.deploymentBlockHash))) throw foreign('chain')
  return facts
}

function confirmationsOf(
  chainId: bigint,
  { confirmations: told }: InfoResult,
  { confirmations }: NetworkOptions
): number {
  if (confirmations !== undefined) {
    if (Number.isInteger(confirmations) && confirmations >= 1) return confirmations
    throw new ClientError(
      { code: 'CLIENT_SETTING', what: 'network.confirmations' },
      'network.confirmations must be a whole number of at least 1.'
    )
  }
  const least = DEVELOPMENT_CHAINS.includes(chainId) ? 1 : PUBLIC_CONFIRMATIONS
  const asked = Number.isInteger(told) ? told : least // the worker's word may only raise it
  return Math.min(MAX_CONFIRMATIONS, Math.max(least, asked))
}

/**
 * The prefix of this network's keys in the storage. Another deployment under the same address is another network: its cache is fresh,
 * and the old one goes, if the chain has truly forgotten it.
 */
export async function openCache(
  chain: Chain,
  storage: ClientStorage,
  deploymentBlockHash: Hash,
  notice: (sentence: string) => void
): Promise<string> {
  const base = `enigma/${chain.chainId}/${chain.enigma}/`
  const known = await storage.get(`${base}deployment`)
  if (known !== deploymentBlockHash) {
    if (known !== null && !(await chain.knowsBlock(hash(known)))) {
      for (const key of await storage.list(`${base}${known}/`)) await storage.delete(key)
      notice('The chain was started anew since the last visit; what was stored of the old one is forgotten.')
    }
    await storage.set(`${base}deployment`, deploymentBlockHash)
  }
  return `${base}${deploymentBlockHash}/`
}
