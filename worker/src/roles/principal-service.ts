import { SEATS, WINDOW_BLOCKS, chainViewRequest } from '@enigma/protocol'
import type { Address, Attested, ChainViewRequest, EpochInfo, ScAddr, SeatClaim } from '@enigma/protocol'
import { viewAt } from '../chain/chain-view.ts'
import type { ChainReader } from '../chain/reader.ts'
import type { Enclave } from '../enclave/enclave.ts'
import { principalCalls, serve } from '../net/calls.ts'
import type { PeerNetwork } from '../net/peer-network.ts'
import type { StatusBoard } from '../ops/status-board.ts'
import { WorkerError } from '../errors.ts'
import { untilIndexed } from '../task/views.ts'

export interface PrincipalServiceParts {
  readonly chain: ChainReader
  readonly enclave: Enclave
  readonly network: PeerNetwork
  readonly board: StatusBoard
  readonly attested: () => Promise<Attested>
}

/** R5: a view is answered as soon as the principal's chain reaches it, else CHAIN_BEHIND. */
const CATCH_UP_MS = 2_000
/** More of the future than this is not waited for. */
const MAX_AHEAD_BLOCKS = 16

/** Last block in which keys of an epoch are granted (R9); of the current one, whose end is open: the view's block. */
export function graceOverOf(chain: Pick<ChainReader, 'epoch' | 'facts'>, epoch: number, viewBlock: number): number {
  const following = chain.epoch(epoch + 1)
  if (!following || following.startBlock > viewBlock) return viewBlock
  return following.startBlock + chain.facts.grace + SEATS * WINDOW_BLOCKS + chain.facts.confirmations
}

/** The asker's seats whose keys are still granted: per contract and epoch the lowest one. */
export function seatClaims(
  chain: ChainReader,
  asker: Address,
  contracts: readonly ScAddr[],
  viewBlock: number
): SeatClaim[] {
  const epochs: EpochInfo[] = []
  for (let epoch = chain.currentEpoch(); epoch; epoch = chain.epoch(epoch.epoch - 1)) {
    if (graceOverOf(chain, epoch.epoch, viewBlock) < viewBlock) break
    if (epoch.startBlock <= viewBlock) epochs.push(epoch)
  }
  return contracts.flatMap(scAddr =>
    epochs.flatMap(epoch => {
      const k = chain.seats(epoch.epoch, scAddr).findIndex(leaf => leaf.signer === asker)
      const proof = k === -1 ? null : chain.seatProof(epoch.epoch, scAddr, k)
      return proof ? [{ scAddr, epoch, k, proof, graceOver: graceOverOf(chain, epoch.epoch, viewBlock) }] : []
    })
  )
}

/** Answers the principal protocol (R5, R9): what this host reads from the chain, signed and completed by its enclave. */
export function servePrincipal({ chain, enclave, network, board, attested }: PrincipalServiceParts): void {
  function askerOf(signer: Address): Attested {
    const worker = chain.workerBySigner(signer)
    if (worker) return worker.attested
    throw new WorkerError({ code: 'WORKER_UNREGISTERED', signer }, 'Only registered workers are answered.')
  }

  async function reach(request: ChainViewRequest, signal: AbortSignal): Promise<void> {
    const head = chain.head().number
    if (request.minBlock > head + MAX_AHEAD_BLOCKS) {
      throw new WorkerError({ code: 'CHAIN_BEHIND', wanted: request.minBlock, head }, 'That block is far ahead.')
    }
    await untilIndexed(chain, request.minBlock, CATCH_UP_MS, signal)
  }

  serve(network, principalCalls, {
    info: () => attested(),
    async chainView(asked, from, signal) {
      if (asked.signer !== from.signer) {
        throw new WorkerError({ code: 'WORKER_UNREGISTERED', signer: asked.signer }, 'A request of another worker.')
      }
      const request = chainViewRequest.decode(asked.request)
      const asker = askerOf(asked.signer)
      await reach(request, signal)
      // From here on without waiting: the view and the claims are of one block.
      const head = chain.head()
      const view = viewAt(chain, request.nonce, head, request.contracts)
      const contracts = request.contracts.map(({ scAddr }) => scAddr)
      const claims = seatClaims(chain, asked.signer, contracts, head.number)
      board.count('chain_views')
      return enclave.call('answerChainView', { asked, asker, view, claims })
    }
  })
}
