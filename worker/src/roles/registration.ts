import { renameSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { address, asError, toHex, type Address, type Hex } from '@enigma/protocol'
import { encode } from '../chain/calls.ts'
import { callEnigma } from '../chain/enigma-abi.ts'
import type { TxSender } from '../chain/tx-sender.ts'
import type { Enclave } from '../enclave/enclave.ts'
import type { Logger } from '../ops/log.ts'
import type { StatusBoard } from '../ops/status-board.ts'
import type { WaitCode } from '../ops/wait-hints.ts'
import { WorkerError } from '../errors.ts'
import type { ChainLink } from './chain-link.ts'

export interface RegistrationParts {
  readonly chain: ChainLink
  readonly enclave: Enclave
  readonly sender: TxSender
  readonly staking: Address
  /** Where the registration is left for somebody to send; null: the worker sends it itself. */
  readonly byHand: string | null
  readonly autoLogin: boolean
  readonly board: StatusBoard
  readonly log: Logger
  readonly signal: AbortSignal
}

const PAUSE_MS = 1_000
const LONGEST_PAUSE_MS = 15_000

export const WorkerStatus = { unregistered: 0, loggedOut: 1, loggedIn: 2 } as const

type Waiting = readonly [code: WaitCode, detail: string]

interface OnChain {
  readonly status: number
  readonly signer: Address
  readonly stake: bigint
}

export type Registration = ReturnType<typeof createRegistration>

/** Brings the operator from nothing to logged in, as far as its stake allows; waits for the stake. */
export function createRegistration(parts: RegistrationParts) {
  const { chain, enclave, sender, staking, byHand, autoLogin, board, log, signal } = parts
  const { rpc, facts } = chain

  async function read(): Promise<OnChain> {
    const worker = (await callEnigma(rpc, facts.enigma, 'worker', [sender.address]))[0] as Record<string, unknown>
    return {
      status: Number(worker['status']),
      signer: address(String(worker['signer'])),
      stake: worker['stake'] as bigint
    }
  }

  async function transact(name: string, args: readonly unknown[]): Promise<void> {
    const { ok, hash } = await sender.send({ id: `${name}/${Date.now()}`, to: facts.enigma, data: encode(name, args) })
    if (!ok) throw new WorkerError({ code: 'TX_REVERTED', error: name }, `The transaction ${name} reverted (${hash}).`)
  }

  /** Registers, or says what it waits for. */
  async function register(): Promise<Waiting | null> {
    const found = await read()
    if (found.status !== WorkerStatus.unregistered && found.signer === enclave.identity.signer) return null
    if (byHand !== null) {
      await leaveRegistration(byHand)
      return ['WAITS_FOR_SENDER', `for somebody to send ${byHand}`]
    }
    if (found.status === WorkerStatus.loggedIn) {
      log.warn('another enclave of this operator is logged in; it is logged out first', { signer: found.signer })
    }
    await registerAnew(found)
    return null
  }

  async function registerAnew({ status }: OnChain): Promise<void> {
    const { signer, transportKey } = enclave.identity
    if (status === WorkerStatus.loggedIn) await transact('logout', [])
    await transact('register', [staking, signer, transportKey, await evidence()])
  }

  async function evidence(): Promise<Hex> {
    const nonce = Number((await callEnigma(rpc, facts.enigma, 'registrationNonce', [sender.address]))[0])
    return toHex((await enclave.call('evidence', { nonce })).evidence)
  }

  /** Whole at once: somebody may be reading it. */
  async function leaveRegistration(path: string): Promise<void> {
    const { signer, transportKey } = enclave.identity
    const file = { operator: sender.address, staking, signer, transportKey, evidence: await evidence() }
    writeFileSync(`${path}.new`, `${JSON.stringify(file, null, 2)}\n`, { mode: 0o600 })
    renameSync(`${path}.new`, path)
  }

  /** Does a step until it succeeds; what the contract or the chain refuses is shown and tried again. */
  async function persist(step: 'register' | 'login', work: () => Promise<Waiting | null>): Promise<void> {
    let pause = PAUSE_MS
    while (!signal.aborted) {
      try {
        const waiting = await work()
        if (waiting === null) return
        board.waits(step, ...waiting)
        pause = PAUSE_MS
      } catch (error) {
        if (signal.aborted) return
        board.step(step, 'failed', asError(error).message)
        log.warn(`${step} failed; it is tried again`, { error: asError(error).message })
        pause = Math.min(2 * pause, LONGEST_PAUSE_MS)
      }
      await sleep(pause, undefined, { signal }).catch(() => undefined)
    }
  }

  return {
    async register(): Promise<void> {
      board.step('register', 'running')
      await persist('register', register)
      if (signal.aborted) return
      board.step('register', 'done', `operator ${sender.address}`)
      log.info('registered', { operator: sender.address, signer: enclave.identity.signer })
    },
    /** Logs in once; a later logout by the operator is respected. */
    async login(): Promise<void> {
      await persist('login', async () => {
        const { status, stake } = await read()
        if (status === WorkerStatus.loggedIn) return null
        if (!autoLogin) return ['WAITS_FOR_LOGIN', 'for its operator to log it in']
        if (stake < facts.minStake) {
          return ['WAITS_FOR_STAKE', `for a stake of ${facts.minStake} grains; there are ${stake}`]
        }
        board.step('login', 'running')
        await transact('login', [])
        return null
      })
      if (signal.aborted) return
      board.step('login', 'done')
      log.info('logged in', { operator: sender.address })
    },
    /** Registers the same enclave with fresh evidence, and logs it in again if it was. @throws TX_REVERTED */
    async renew(): Promise<void> {
      if (byHand !== null) return leaveRegistration(byHand)
      const before = await read()
      await registerAnew(before)
      if (before.status === WorkerStatus.loggedIn) await transact('login', [])
    },
    read,
    /** @throws TX_REVERTED */
    transact: (name: 'login' | 'logout') => transact(name, [])
  }
}
