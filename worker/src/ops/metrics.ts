import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client'
import { COUNTERS, GAUGES, STAGE_PREFIX } from './metric-catalogue.ts'
import type { StatusBoard } from './status-board.ts'

/** What is looked at when somebody asks for the metrics. What a role does not have is left out. */
export interface MetricSources {
  readonly board: StatusBoard
  readonly chain?: () => ChainMetrics
  readonly peersByRole?: () => Readonly<Record<string, number>>
  readonly queues?: () => Readonly<Record<string, number>>
  readonly tasksByStage?: () => Readonly<Record<string, number>>
  readonly contracts?: () => { readonly known: number; readonly synced: number }
  readonly enclaveStarts?: () => number
  readonly earnings?: () => { readonly grains: bigint; readonly receipts: number }
}

export interface ChainMetrics {
  readonly head: number // newest indexed block
  readonly latest: number | null // newest block that an endpoint told of
  readonly headTime: number // seconds since 1970
  readonly epoch: number
  readonly endpoints: readonly { readonly up: boolean; readonly failures: number }[]
}

/** The numbers of one node for Prometheus. Names carry their units; docs/spec/operations.md lists them. */
export interface Metrics {
  readonly contentType: string
  text(): Promise<string>
  rpcCall(method: string, code: string, ms: number): void
  enclaveCall(method: string, ok: boolean, ms: number): void
}

const RPC_SECONDS = [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10, 30]
const ENCLAVE_SECONDS = [0.001, 0.005, 0.02, 0.1, 0.5, 2, 5, 20]
const GRAINS_PER_ENG = 1e8
/** Distinct codes that are counted by name. A seat's own code goes to the client, and to its name here; a seat may think up any number of them. */
const MOST_CODES = 128
/** Gauges of the library whose names end like counters'. */
const MISNAMED = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total']

export function createMetrics(sources: MetricSources): Metrics {
  const registers = [new Registry()]
  const [register] = registers as [Registry]
  collectDefaultMetrics({ register, prefix: 'enigma_' }) // event-loop lag, heap, GC, CPU, descriptors
  for (const name of MISNAMED) register.removeSingleMetric(`enigma_${name}`)

  const gauge = (name: string, help: string, read: () => number | null): void => {
    new Gauge({
      name: `enigma_${name}`,
      help,
      registers,
      collect() {
        const value = read()
        if (value === null) this.remove()
        else this.set(value)
      }
    })
  }
  const labelled = (name: string, help: string, label: string, read: () => Readonly<Record<string, number>>): void => {
    new Gauge({
      name: `enigma_${name}`,
      help,
      labelNames: [label],
      registers,
      collect() {
        this.reset()
        for (const [key, value] of Object.entries(read())) this.set({ [label]: key }, value)
      }
    })
  }

  /** What has been counted elsewhere; it never falls while the process lives. */
  const counter = (name: string, help: string, read: () => number): void => {
    new Counter({
      name: `enigma_${name}_total`,
      help,
      registers,
      collect() {
        this.reset()
        this.inc(read())
      }
    })
  }
  const labelledCounter = (
    name: string,
    help: string,
    label: string,
    read: () => Readonly<Record<string, number>>
  ): void => {
    new Counter({
      name: `enigma_${name}_total`,
      help,
      labelNames: [label],
      registers,
      collect() {
        this.reset()
        for (const [key, value] of Object.entries(read())) this.inc({ [label]: key }, value)
      }
    })
  }

  const { board, chain, peersByRole, queues, tasksByStage, contracts, enclaveStarts, earnings } = sources
  if (chain) {
    gauge('chain_head_block', 'Newest block in the index.', () => chain().head)
    gauge('chain_lag_blocks', 'Blocks that an endpoint told of and the index lacks.', () => {
      const { head, latest } = chain()
      return latest === null ? null : Math.max(0, latest - head)
    })
    gauge('chain_head_timestamp_seconds', 'Time of the newest indexed block, since 1970.', () => chain().headTime)
    const byIndex = (read: (endpoint: ChainMetrics['endpoints'][number]) => number) => () =>
      Object.fromEntries(chain().endpoints.map((endpoint, i) => [String(i), read(endpoint)]))
    const up = 'Whether the last call of an endpoint was answered.'
    labelled('chain_endpoint_up', up, 'endpoint', byIndex(e => +e.up)) // prettier-ignore
    const failures = 'Calls that an endpoint did not answer.'
    labelledCounter('chain_endpoint_failures', failures, 'endpoint', byIndex(e => e.failures)) // prettier-ignore
    gauge('epoch', 'The current epoch.', () => chain().epoch)
  }
  if (peersByRole) labelled('peers', 'Connected, verified peers.', 'role', peersByRole)
  if (queues) labelled('queue_length', 'What waits: transactions, inputs, tasks under way.', 'queue', queues)
  if (tasksByStage) labelled('tasks', 'Tasks known to this node.', 'stage', tasksByStage)
  if (contracts) {
    gauge('sync_contracts', 'Secret contracts on chain.', () => contracts().known)
    gauge('sync_contracts_synced', 'Those of them of which nothing is missing here.', () => contracts().synced)
  }
  if (enclaveStarts) {
    counter('enclave_restarts', 'Times the enclave was started again.', () => Math.max(0, enclaveStarts() - 1))
  }
  if (earnings) {
    // Gauges: a reorg takes receipts back.
    gauge('rewards_eng', 'ENG earned by receipts on chain.', () => Number(earnings().grains) / GRAINS_PER_ENG)
    gauge('rewarded_receipts', 'Receipts on chain that earned a fee.', () => earnings().receipts)
  }
  for (const [name, help] of Object.entries(COUNTERS)) counter(name, help, () => board.snapshot().counters[name] ?? 0)
  for (const [name, help] of Object.entries(GAUGES)) gauge(name, help, () => board.snapshot().gauges[name] ?? null)
  labelledCounter('task_stages', 'Tasks that reached a stage.', 'stage', () =>
    Object.fromEntries(
      Object.entries(board.snapshot().counters).flatMap(([name, times]) =>
        name.startsWith(STAGE_PREFIX) ? [[name.slice(STAGE_PREFIX.length), times]] : []
      )
    )
  )
  labelledCounter('alarms', 'What a person must look at.', 'code', () => board.alarmTimes())
  labelled('step_done', 'Steps of the start.', 'step', () =>
    Object.fromEntries(board.steps().map(({ name, state }) => [name, +(state === 'done')]))
  )

  const codes = new Set<string>()
  const rpcCalls = new Counter({
    name: 'enigma_rpc_calls_total',
    help: 'Answered JSON-RPC calls.',
    labelNames: ['method', 'code'],
    registers
  })
  const rpcSeconds = new Histogram({
    name: 'enigma_rpc_call_seconds',
    help: 'From the call to its answer.',
    labelNames: ['method'],
    buckets: RPC_SECONDS,
    registers
  })
  const enclaveSeconds = new Histogram({
    name: 'enigma_enclave_call_seconds',
    help: 'Calls of the enclave; method run is the execution of a task.',
    labelNames: ['method', 'outcome'],
    buckets: ENCLAVE_SECONDS,
    registers
  })
  return {
    contentType: register.contentType,
    text: () => register.metrics(),
    rpcCall(method, code, ms) {
      if (codes.size < MOST_CODES) codes.add(code)
      rpcCalls.inc({ method, code: codes.has(code) ? code : 'OTHER' })
      rpcSeconds.observe({ method }, ms / 1000)
    },
    enclaveCall(method, ok, ms) {
      enclaveSeconds.observe({ method, outcome: ok ? 'ok' : 'error' }, ms / 1000)
    }
  }
}
