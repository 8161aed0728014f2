import { setTimeout as sleep } from 'node:timers/promises'
import {
  chainViewRequest,
  type ChainView,
  type ChainViewAnswer,
  type ContractQuery,
  type Hash,
  type SignedChainViewRequest
} from '@enigma/protocol'
import { requireSameView } from '../chain/chain-view.ts'
import type { ChainReader } from '../chain/reader.ts'
import type { Enclave } from '../enclave/enclave.ts'
import { ask, principalCalls } from '../net/calls.ts'
import type { PeerNetwork } from '../net/peer-network.ts'
import { WorkerError } from '../errors.ts'

/** A view that this worker's enclave has taken; later calls name it by its nonce. */
export interface OpenView {
  readonly nonce: Hash
  readonly view: ChainView
}

export interface ChainViews {
  /**
   * Brings the enclave a fresh view from the principal's (R5), which this host has compared with its own chain.
   *
   * @throws CHAIN_BEHIND, VIEW_MISMATCH, WORKER_NOT_READY without a principal, PEER_*, ENCLAVE_REFUSED.
   */
  open(contracts: readonly ContractQuery[], minBlock: number, signal: AbortSignal): Promise<OpenView>
}

const ANSWER_MS = 6_000
/** One that hangs costs this, while there is another to ask. It answers CHAIN_BEHIND after two seconds (R5). */
const FIRST_ANSWER_MS = 3_000
const CATCH_UP_MS = 3_000

/** Resolves when the index has reached a block. @throws CHAIN_BEHIND */
export async function untilIndexed(
  chain: ChainReader,
  block: number,
  limitMs: number,
  signal?: AbortSignal
): Promise<void> {
  if (chain.head().number >= block) return
  let stop = (): void => undefined
  const reached = new Promise<true>(resolve => {
    stop = chain.subscribe(event => {
      if (event.type === 'head' && event.head.number >= block) resolve(true)
    })
  })
  const late = new AbortController()
  const all = signal ? AbortSignal.any([signal, late.signal]) : late.signal
  try {
    const done = await Promise.race([reached, sleep(limitMs, false, { signal: all }).catch(() => false)])
    if (done || chain.head().number >= block) return
    signal?.throwIfAborted()
    throw new WorkerError(
      { code: 'CHAIN_BEHIND', wanted: block, head: chain.head().number },
      `This node's chain has not reached block ${block} within ${limitMs} ms.`
    )
  } finally {
    stop()
    late.abort()
  }
}

export function createChainViews(chain: ChainReader, enclave: Enclave, network: PeerNetwork): ChainViews {
  /** Peer id of the principal that answered last: it is asked first. */
  let last: string | null = null

  async function askPrincipals(asked: SignedChainViewRequest, signal: AbortSignal): Promise<ChainViewAnswer> {
    const found = network.peers().filter(peer => peer.role === 'principal')
    const principals = [...found.filter(peer => peer.peerId === last), ...found.filter(peer => peer.peerId !== last)]
    let failure: unknown = new WorkerError(
      { code: 'WORKER_NOT_READY', step: 'discovery' },
      'No principal is connected; there are no new runs until one is.'
    )
    for (const [i, peer] of principals.entries()) {
      const timeoutMs = i === principals.length - 1 ? ANSWER_MS : FIRST_ANSWER_MS
      try {
        const answer = await ask(network, peer, principalCalls.chainView, asked, { timeoutMs, signal })
        last = peer.peerId
        return answer
      } catch (error) {
        failure = error // the next one may answer: primary, then standby (R14)
      }
    }
    throw failure
  }

  return {
    async open(contracts, minBlock, signal) {
      await untilIndexed(chain, minBlock, CATCH_UP_MS, signal)
      const asked = await enclave.call('chainViewRequest', { minBlock, contracts })
      const { nonce } = chainViewRequest.decode(asked.request)
      const answer = await askPrincipals(asked, signal)
      await untilIndexed(chain, answer.view.block, CATCH_UP_MS, signal)
      requireSameView(chain, answer.view, { nonce, contracts })
      await enclave.call('openChainView', answer)
      return { nonce, view: answer.view }
    }
  }
}
