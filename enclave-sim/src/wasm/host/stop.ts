import type { FailureReason } from '../reasons.ts'

/** Thrown through the WebAssembly frames to end a run. Contracts cannot catch it: exception handling is refused by validation. */
export class RunStop extends Error {
  readonly reason: FailureReason

  constructor(reason: FailureReason, message: string) {
    super(message)
    this.reason = reason
  }
}
