/**
 * What parts of a node count and measure, with the sentence that `/metrics` shows. A name becomes `enigma_NAME_total` or `enigma_NAME`; one that
 * has a unit ends in it. What is not here does not compile.
 */
export const COUNTERS = {
  backups: 'Backups that were made of the data folder.',
  chain_read_failures: 'Readings of the chain that failed and were tried again.',
  chain_views: 'Views of the chain that this principal answered.',
  deltas_replayed: 'State deltas that the enclave replayed.',
  deltas_spared: 'State deltas that snapshots made it unnecessary to replay.',
  deltas_undone: 'State deltas that the enclave took back after a reorganisation.',
  enclave_crashes: 'Ends of the enclave that nobody asked for.',
  epoch_calls: 'Calls of setEpoch that the chain accepted.',
  epoch_calls_failed: 'Calls of setEpoch that failed.',
  evidence_renewals: 'Registrations anew of the same enclave, with fresh evidence.',
  peer_dial_addresses: 'Addresses that were tried to reach peers, for whatever reason.',
  peer_dials: 'Attempts to reach a peer that is not connected, also those that failed.',
  snapshots_loaded: 'Snapshots of state that the enclave took.',
  snapshots_made: 'Snapshots of state that the enclave made.',
  snapshots_refused: 'Snapshots of state that the enclave refused.',
  states_dropped: 'States that the enclave dropped, to replay them from their beginning.',
  states_reverted: 'States that the enclave took back to the last point that chain and enclave share.',
  store_damaged_values: 'Values on disk that were damaged and set aside.',
  store_repairs: 'Damages to files of the database that a start found and mended.',
  task_retries: 'Steps of tasks that failed and were tried again.'
} as const

/** `tasks_STAGE` counts tasks that reached a stage. */
export type CounterName = keyof typeof COUNTERS | `tasks_${string}`

export const GAUGES = {
  principal_primary: 'Whether this principal sends setEpoch.',
  tasks_under_way: 'Tasks that this worker has not finished.'
} as const
export type GaugeName = keyof typeof GAUGES

export const STAGE_PREFIX = 'tasks_'
