import { MAX_BYTECODE_BYTES, MAX_ENVELOPE_BYTES } from '@enigma/protocol'

/** Bounds of the JSON-RPC server. Each has its reason; all can be set. */
export interface RpcLimits {
  /** A request, or a WebSocket's message. */
  readonly maxBodyBytes: number
  /** One with a single call of `deploySecretContract`: room for the largest bytecode and envelope in hex, and 4 KiB for what stands around them. */
  readonly maxDeploymentBytes: number
  readonly maxBatch: number
  /** A batch of results may come to more: what does not fit is answered with RPC_TOO_LARGE, item by item. */
  readonly maxResponseBytes: number
  /** One call, from its arrival to its answer. */
  readonly requestTimeoutMs: number
  /** From the end of the work to the last byte that the client took: the largest answer at 700 kbit/s. */
  readonly answerTimeoutMs: number
  /** Headers must be here by then: whoever sends them byte by byte only wants the connection. */
  readonly headersTimeoutMs: number
  readonly keepAliveMs: number
  readonly maxConnections: number
  readonly maxConnectionsPerHost: number
  /** Token buckets per host: any call, and calls that carry an input or a query. A call of a batch counts by itself. */
  readonly perSecond: number
  readonly burst: number
  readonly inputsPerSecond: number
  readonly inputsBurst: number
  /** Token bucket per host of the pages that cost something to make (`/status`, `/metrics`, `/openrpc.json`): many scrapers may share a host. */
  readonly pagesPerSecond: number
  readonly pagesBurst: number
  /** Token bucket per key that signed the call, whatever host it comes from. */
  readonly keyPerSecond: number
  readonly keyBurst: number
  /** Of one WebSocket. */
  readonly maxSubscriptions: number
  readonly maxPending: number
  /** Unsent bytes at which a client that does not read is cut off. */
  readonly maxUnsentBytes: number
  readonly pingMs: number
}

export const RPC_LIMITS: RpcLimits = {
  maxBodyBytes: 1024 * 1024,
  maxDeploymentBytes: 2 * (MAX_BYTECODE_BYTES + MAX_ENVELOPE_BYTES) + 4 * 1024,
  maxBatch: 50,
  maxResponseBytes: 5 * 1024 * 1024,
  requestTimeoutMs: 30_000,
  answerTimeoutMs: 60_000,
  headersTimeoutMs: 10_000,
  keepAliveMs: 15_000,
  maxConnections: 1_000,
  maxConnectionsPerHost: 64,
  perSecond: 500,
  burst: 2_000,
  inputsPerSecond: 100,
  inputsBurst: 400,
  pagesPerSecond: 100,
  pagesBurst: 400,
  keyPerSecond: 20,
  keyBurst: 100,
  maxSubscriptions: 64,
  maxPending: 32,
  maxUnsentBytes: 4 * 1024 * 1024,
  pingMs: 30_000
}
