import {
  EnigmaError,
  TaskKind,
  envelopeCodec,
  envelopeHashOf,
  outputHashOf,
  recoverSigner,
  typedDigest,
  type Address,
  type Envelope,
  type SignedQuery,
  type SignedQueryAnswer
} from '@enigma/protocol'
import { requireOpenEpoch } from '../chain/open-epoch.ts'
import type { ChainReader } from '../chain/reader.ts'
import { WorkerError } from '../errors.ts'
import { ask, queryCalls, serve } from '../net/calls.ts'
import { NetError, decidingCode } from '../net/errors.ts'
import type { PeerNetwork } from '../net/peer-network.ts'
import type { Logger } from '../ops/log.ts'
import { SyncError } from './errors.ts'
import { seatSigners } from './result-check.ts'
import { isUnreachable } from './rules.ts'
import { SeatPeers, type SeatNetwork } from './seat-peers.ts'

/** The enclave of this node, as a seat holder. */
export interface QuerySeat {
  /** @throws WORKER_BEHIND, ENCLAVE_QUERY_REFUSED, and whatever keeps this seat from answering */
  answer(query: SignedQuery, signal: AbortSignal): Promise<SignedQueryAnswer>
}

export interface QueryRelay {
  /** @throws what the seats refused it for, the most telling first; NO_SEAT_REACHABLE if none was there to say anything */
  query(query: SignedQuery): Promise<SignedQueryAnswer>
}

export interface QueryRelayInit {
  readonly network: PeerNetwork & SeatNetwork
  readonly chain: ChainReader
  readonly seat: QuerySeat
  /** This node's enclave; null while there is none. */
  readonly signer: () => Address | null
  readonly log: Logger
  /** A seat may have to fetch a view and deltas first, and then runs the query. */
  readonly seatTimeoutMs?: number
}

/** Every seat would say the same: the query itself is at fault. */
const FINAL: readonly string[] = ['ENCLAVE_QUERY_REFUSED', 'ENVELOPE_MALFORMED', 'SC_UNKNOWN', 'EPOCH_STALE']

/** Carries read-only calls to one seat holder after the other until one answers (R8). docs/spec/queries.md */
export function createQueryRelay(init: QueryRelayInit): QueryRelay {
  const { network, chain, seat, log, seatTimeoutMs = 10_000 } = init
  const seats = new SeatPeers(network)

  /** @throws ENVELOPE_MALFORMED, SC_UNKNOWN, EPOCH_STALE */
  function requireAskable(bytes: Uint8Array): Envelope {
    const malformed = (what: string, cause?: unknown): WorkerError =>
      new WorkerError({ code: 'ENVELOPE_MALFORMED', what }, `The query was refused: ${what}.`, { cause })
    let envelope: Envelope
    try {
      envelope = envelopeCodec.decode(bytes)
    } catch (cause) {
      throw malformed('it is not an envelope of this version', cause)
    }
    const { chainId, enigma, kind, scAddr, epoch } = envelope.context
    if (chainId !== chain.facts.chainId || enigma !== chain.facts.enigma) throw malformed('it is for another network')
    if (kind !== TaskKind.query) throw malformed('its envelope is not that of a query')
    if (!chain.contract(scAddr)) {
      throw new WorkerError({ code: 'SC_UNKNOWN', scAddr }, `There is no secret contract at ${scAddr}.`)
    }
    requireOpenEpoch(chain, epoch)
    return envelope
  }

  const isNear = (signer: Address): boolean => signer === init.signer() || seats.here(signer) !== undefined

  async function askSeat(signer: Address, query: SignedQuery): Promise<SignedQueryAnswer> {
    if (signer === init.signer()) return seat.answer(query, AbortSignal.timeout(seatTimeoutMs))
    const peer = await seats.meet(signer)
    const answer = await ask(network, peer, queryCalls.query, query, { timeoutMs: seatTimeoutMs })
    if (isAnswerOf(answer, query, signer)) return answer
    network.penalise(peer.peerId, 'wrong-content')
    throw new NetError(
      { code: 'PEER_MALFORMED', peerId: peer.peerId, what: 'answer' },
      'The answer is of another query.'
    )
  }

  function isAnswerOf({ answer, signature, result }: SignedQueryAnswer, query: SignedQuery, signer: Address): boolean {
    if (answer.envelopeHash !== envelopeHashOf(query.envelope) || answer.outputHash !== outputHashOf(result))
      return false
    try {
      return recoverSigner(typedDigest(chain.facts, 'QueryAnswer', answer), signature) === signer
    } catch {
      return false
    }
  }

  serve(network, queryCalls, {
    query: (query, _from, signal) => {
      requireAskable(query.envelope)
      return seat.answer(query, signal)
    }
  })

  return {
    async query(query) {
      const { context, wraps } = requireAskable(query.envelope)
      const { scAddr, epoch } = context
      const wrapped = new Set(wraps.map(wrap => wrap.signer))
      const reasons: unknown[] = []
      const signers = seatSigners(chain, epoch, scAddr).filter(one => wrapped.has(one))
      // Those that have to be found first come last, whatever their seats: a worker that is down must not hold up every query.
      for (const signer of [...signers.filter(isNear), ...signers.filter(one => !isNear(one))]) {
        try {
          return await askSeat(signer, query)
        } catch (error) {
          const code = seatCode(error)
          log.debug('a seat did not answer a query', { signer, code })
          if (FINAL.includes(code)) throw coded(code, error)
          reasons.push(error)
        }
      }
      const told = mostTelling(reasons)
      if (told !== undefined) throw coded(seatCode(told), told)
      throw new SyncError(
        { code: 'NO_SEAT_REACHABLE', scAddr, epoch },
        'No seat holder of this contract was there to answer the query.',
        { hint: 'Try again in a moment, ask another worker, or wait for the next epoch.', cause: reasons[0] }
      )
    }
  }
}

/** A seat that is behind may answer in a moment; one with other keys says nothing of the query, but the asker can do something about it. */
function mostTelling(reasons: readonly unknown[]): unknown {
  const saying = (code: string): unknown => reasons.find(reason => seatCode(reason) === code)
  const own = reasons.find(reason => !isUnreachable(seatCode(reason)) && seatCode(reason) !== 'INPUT_NOT_FOR_SEAT')
  return saying('WORKER_BEHIND') ?? own ?? saying('INPUT_NOT_FOR_SEAT')
}

/** What a seat said: the enclave's own code, where it was the enclave. */
function seatCode(error: unknown): string {
  if (error instanceof WorkerError && error.facts.code === 'ENCLAVE_REFUSED') return error.facts.reason
  return decidingCode(error)
}

/** With the seat's code as its own, so that a client can switch on it whichever seat it came from. */
function coded(code: string, cause: unknown): EnigmaError {
  const sentence = cause instanceof EnigmaError ? cause.message : 'The query was refused.'
  return new EnigmaError({ code }, sentence, { cause })
}
