import { toHex, type Address, type Hex, type StoredResult } from '@enigma/protocol'
import { callWorker, wrongAnswer } from '../rpc/call.ts'
import type { Workers } from '../rpc/workers.ts'
import type { StoredTask } from './store.ts'

/** Relaying a bytecode of 512 kB to three workers takes a moment. */
const DELIVER_TIMEOUT_MS = 30_000

/**
 * Gives the encrypted input to a worker, which relays it to the seat holders (R4). Delivering again is harmless.
 *
 * @returns the signers of the seat holders that have it on disk: at least one.
 * @throws INPUT_NOT_FOR_SEAT and other refusals of workers, WORKER_UNREACHABLE, WORKER_ANSWER_WRONG
 */
export function deliver(
  workers: Workers,
  task: Pick<StoredTask, 'inputHash' | 'seats'> & { readonly envelope: Hex },
  bytecode: Uint8Array | null,
  signal?: AbortSignal
): Promise<readonly Address[]> {
  const { envelope, inputHash, seats } = task
  const options = { timeoutMs: DELIVER_TIMEOUT_MS, signal }
  return workers.any(async url => {
    const answer: StoredResult =
      bytecode === null
        ? await callWorker(url, 'sendTaskInput', { envelope }, options)
        : await callWorker(url, 'deploySecretContract', { envelope, bytecode: toHex(bytecode) }, options)
    const stored = Array.isArray(answer.stored) ? seats.filter(signer => answer.stored.includes(signer)) : []
    if (answer.inputHash !== inputHash || stored.length === 0) {
      throw wrongAnswer(url, 'it does not say that a seat holder stored this input')
    }
    return stored
  }, signal)
}
