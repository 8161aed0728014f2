/** How long a party waits for one message, and what may end the wait early. */
export interface WaitOptions {
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
}

/**
 * What a party sees of the network: numbered parties and addressed messages. `operation` (32 hex digits) and `step` name a
 * message; both sides derive them from the program, so a message finds its reader however early or late it comes.
 */
export interface Channel {
  readonly index: number
  readonly size: number
  /**
   * Hands over a message; `body` must not change afterwards. A promise means: wait for it before sending more. It is rejected where the
   * peer reads nothing until the deadline, or the session ends.
   */
  send(to: number, operation: string, step: number, body: Uint8Array, wait?: WaitOptions): Promise<void> | undefined
  /**
   * The body of a message, exactly `bytes` long.
   * @throws MPC_TIMEOUT, MPC_ABORTED, MPC_LINK; MPC_MESSAGE if its length is another.
   */
  receive(from: number, operation: string, step: number, bytes: number, wait: WaitOptions): Promise<Uint8Array>
}
