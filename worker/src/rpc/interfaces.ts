import type { InfoResult } from '@enigma/protocol'

/** What the composition tells the JSON-RPC server of this node. */
export interface NodeStatus {
  /** For getInfo. */
  info(): Promise<InfoResult>
  /** For GET /status: steps, counters; any JSON. */
  status(): unknown
  /** For GET /healthcheck: 200 if true, 503 otherwise. */
  healthy(): boolean
}
