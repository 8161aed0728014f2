import {
  ATTESTATION_MODE_SIMULATION,
  asError,
  reportDataOf,
  verifySimEvidence,
  type Attested,
  type EvidencePolicy,
  type Hash
} from '@enigma/protocol'
import type { ChainReader } from '../chain/reader.ts'
import type { Logger } from '../ops/log.ts'
import type { StatusBoard } from '../ops/status-board.ts'

export interface EvidenceRenewalParts {
  readonly chain: Pick<ChainReader, 'subscribe' | 'head' | 'currentEpoch' | 'facts'>
  /** This enclave's registration as the chain has it; null while it is not registered. */
  readonly registered: () => Attested | null
  /** Registers the same enclave with fresh evidence, and logs it in again if it was. */
  readonly renew: () => Promise<void>
  readonly board: StatusBoard
  readonly log: Logger
}

/** Evidence lives for a year; with a fifth of that left there is time for an operator to see that renewing fails. */
const RENEW_AT = 0.8

/** When evidence is to be renewed, in seconds: what it says of itself, whoever reads it. */
export function renewalTime({ report, evidence }: Attested, measurement: Hash): number {
  const policy: EvidencePolicy = { mode: ATTESTATION_MODE_SIMULATION, measurements: [measurement], nowSeconds: 0 }
  const { issuedAt, expiry } = verifySimEvidence(evidence, reportDataOf(report), policy)
  return issuedAt + RENEW_AT * (expiry - issuedAt)
}

/**
 * Renews a worker's registration before its evidence expires and peers and clients refuse it. The contract wants it logged out for that, for
 * some blocks: early in an epoch, so that the next draw finds it again; and once in it, should this machine's clock be so far behind the chain's
 * that fresh evidence is old already.
 */
export function startEvidenceRenewal(parts: EvidenceRenewalParts, measurement: Hash): () => void {
  const { chain, registered, renew, board, log } = parts
  let busy = false
  let renewedIn: number | null = null // the epoch

  const isEarly = (): boolean => {
    const epoch = chain.currentEpoch()
    return epoch === null || chain.head().number - epoch.startBlock < chain.facts.epochSize / 2
  }

  async function look(now: number): Promise<void> {
    const attested = registered()
    const epoch = chain.currentEpoch()?.epoch ?? 0
    if (!attested || now < renewalTime(attested, measurement) || !isEarly() || epoch === renewedIn) return
    log.info('the evidence of this enclave is renewed')
    await renew()
    renewedIn = epoch
    board.count('evidence_renewals')
  }

  return chain.subscribe(event => {
    if (event.type !== 'head' || event.more === true || busy) return
    busy = true
    look(event.head.time)
      .catch(error => {
        board.alarm('EVIDENCE_NOT_RENEWED', 'The evidence of this enclave could not be renewed; it is tried again.')
        log.error('the evidence could not be renewed', { error: asError(error).message })
      })
      .finally(() => (busy = false))
  })
}
