import { TASK_STAGES, type Address, type Hash, type Hex, type TaskId, type TaskStage } from '@enigma/protocol'
import type { TaskFailedError } from '../errors.ts'

/**
 * One step of a task. Stages come in the order of TASK_STAGES, each at most once; the last is `final` or `failed`. Only a chain that
 * was reorganised takes steps back: that is told with `undone`, and the stages after it come anew. It is told whenever the block that brought
 * them is no longer the chain's, though the next one may carry the same transaction under the same number.
 */
export interface TaskProgress {
  readonly stage: TaskStage
  /** Null before the record is on chain. */
  readonly taskId: TaskId | null
  readonly detail: string
  readonly block?: number
  readonly transactionHash?: Hex
  /** The enclave that it comes from, where a signature proves it. */
  readonly signer?: Address
  /** With `encrypted`: what leaves the page. Length and last bytes of the envelope. */
  readonly input?: { readonly inputHash: Hash; readonly bytes: number; readonly sample: Hex }
  /** The task had come so far, and a reorganised chain took it back to `stage`. Nothing is lost, nor was anything revealed but with `revealed`. */
  readonly undone?: TaskStage
  /** With `undone`: its answer had been shown by then, as the chain had enough confirmations; what comes anew may be another (R11). */
  readonly revealed?: boolean
  /** With `failed`. */
  readonly error?: TaskFailedError
}

export type OnStage = (progress: TaskProgress) => void

export const stageIndex = (stage: TaskStage): number => TASK_STAGES.indexOf(stage)
