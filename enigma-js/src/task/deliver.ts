import { codeOf, toHex, type Address, type Hex, type StoredResult } from '@enigma/protocol'
import { callWorker, wrongAnswer } from '../rpc/call.ts'
import { WorkerRefusal } from '../errors.ts'
import type { Session } from '../session.ts'
import type { StoredTask } from './store.ts'

/** Relaying a bytecode of 512 kB to three workers takes a moment. */
const DELIVER_TIMEOUT_MS = 30_000

/**
 * Gives the encrypted input to a worker, which relays it to the seat holders (R4). Delivering again is harmless. Where a seat holder does
 * not take it, the next input of the contract is encrypted to keys that are asked for anew.
 *
 * @returns the signers of the seat holders that have it on disk: at least one.
 * @throws INPUT_NOT_FOR_SEAT and other refusals of workers, WORKER_UNREACHABLE, WORKER_ANSWER_WRONG
 */
export async function deliver(
  { workers, seats: finder }: Pick<Session, 'workers' | 'seats'>,
  task: Pick<StoredTask, 'inputHash' | 'seats' | 'scAddr'> & { readonly envelope: Hex },
  bytecode: Uint8Array | null,
  signal?: AbortSignal
): Promise<readonly Address[]> {
  const { envelope, inputHash, seats, scAddr } = task
  const options = { timeoutMs: DELIVER_TIMEOUT_MS, signal }
  let missing = true
  const toWorker = async (url: string): Promise<readonly Address[]> => {
    const answer: StoredResult =
      bytecode === null
        ? await callWorker(url, 'sendTaskInput', { envelope }, options)
        : await callWorker(url, 'deploySecretContract', { envelope, bytecode: toHex(bytecode) }, options)
    const stored = Array.isArray(answer.stored) ? seats.filter(signer => answer.stored.includes(signer)) : []
    if (answer.inputHash !== inputHash || stored.length === 0) {
      throw wrongAnswer(url, 'it does not say that a seat holder stored this input')
    }
    missing = stored.length < seats.length
    return stored
  }
  try {
    return await workers.any(toWorker, signal)
  } finally {
    if (missing) finder.forget(scAddr)
  }
}

/** No seat holder took the input, and nothing was paid: one may take another that is encrypted to the keys that it has now. */
export const isForOtherKeys = (error: unknown): error is WorkerRefusal =>
  error instanceof WorkerRefusal && ['INPUT_NOT_FOR_SEAT', 'NO_SEAT_REACHABLE'].includes(codeOf(error))
