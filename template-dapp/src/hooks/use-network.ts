import type { Balance, EnigmaClient, EpochStatus, ReceiptSummary, Seat, WorkerStatus } from 'enigma-js'
import { useEffect, useState } from 'react'
import { problemOf, type Problem } from './problem.ts'

/** What anybody may see of the network. */
export interface NetworkState {
  readonly epoch: EpochStatus | null
  readonly workers: readonly WorkerStatus[]
  /** Of the contract in the current epoch. */
  readonly seats: readonly Seat[]
  readonly receipts: readonly ReceiptSummary[]
  readonly balance: Balance | null
  readonly problem: Problem | null
}

const EVERY_MS = 2_000
const EMPTY: NetworkState = { epoch: null, workers: [], seats: [], receipts: [], balance: null, problem: null }

/** Looks at the network every two seconds, while the page is in sight. */
export function useNetwork(client: EnigmaClient | null, scAddr: string | null, account: string | null): NetworkState {
  const [state, setState] = useState<NetworkState>(EMPTY)
  useEffect(() => {
    if (client === null) return
    let stopped = false
    let timer: ReturnType<typeof setTimeout> | undefined
    const look = async (): Promise<void> => {
      if (document.visibilityState === 'visible') {
        const next = await readNetwork(client, scAddr, account).catch((error: unknown) => ({
          problem: problemOf(error)
        }))
        if (!stopped) setState(before => ({ ...before, ...next }))
      }
      if (!stopped) timer = setTimeout(() => void look(), EVERY_MS)
    }
    void look()
    return () => {
      stopped = true
      clearTimeout(timer)
    }
  }, [client, scAddr, account])
  return state
}

async function readNetwork(client: EnigmaClient, scAddr: string | null, account: string | null): Promise<NetworkState> {
  const { network } = client
  const [epoch, workers, receipts, balance, seats] = await Promise.all([
    network.epoch(),
    network.workers(),
    network.receipts({ limit: 8 }),
    account === null ? null : network.balance(account),
    // Between two epochs a worker may be behind for a moment; the draw is shown with the next look.
    scAddr === null ? [] : network.seats(scAddr).catch(() => [])
  ])
  return { epoch, workers, receipts, balance, seats, problem: null }
}
