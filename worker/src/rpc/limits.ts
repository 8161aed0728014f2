/** Bounds of the JSON-RPC server. Each has its reason; all can be set. */
export interface RpcLimits {
  /** Bytecode of 512 KiB is 1 MiB in hex; envelope and names come on top. */
  readonly maxBodyBytes: number
  readonly maxBatch: number
  /** Results are at most 128 KiB in hex: a whole batch of them stays below. */
  readonly maxResponseBytes: number
  /** One call, from its arrival to its answer. */
  readonly requestTimeoutMs: number
  /** Headers must be here by then: whoever sends them byte by byte only wants the connection. */
  readonly headersTimeoutMs: number
  readonly keepAliveMs: number
  readonly maxConnections: number
  readonly maxConnectionsPerHost: number
  /** Token buckets per host: any call, and calls that carry an input. A call of a batch counts by itself. */
  readonly perSecond: number
  readonly burst: number
  readonly inputsPerSecond: number
  readonly inputsBurst: number
  /** Of one WebSocket. */
  readonly maxSubscriptions: number
  readonly maxPending: number
  /** Unsent bytes at which a client that does not read is cut off. */
  readonly maxUnsentBytes: number
  readonly pingMs: number
}

export const RPC_LIMITS: RpcLimits = {
  maxBodyBytes: 1.5 * 1024 * 1024,
  maxBatch: 50,
  maxResponseBytes: 8 * 1024 * 1024,
  requestTimeoutMs: 30_000,
  headersTimeoutMs: 10_000,
  keepAliveMs: 15_000,
  maxConnections: 1_000,
  maxConnectionsPerHost: 64,
  perSecond: 500,
  burst: 2_000,
  inputsPerSecond: 100,
  inputsBurst: 400,
  maxSubscriptions: 64,
  maxPending: 32,
  maxUnsentBytes: 4 * 1024 * 1024,
  pingMs: 30_000
}
