import { confirmationsOf, undoDepthOf } from '@enigma/protocol'
import { EpochKeys } from '../keys/epoch-keys.ts'
import { Retention } from '../keys/retention.ts'
import { StateKeys } from '../keys/state-keys.ts'
import { createLanes, type Lanes } from '../process/lanes.ts'
import { CodeCache } from '../state/code-cache.ts'
import { ContractStates } from '../state/contract-states.ts'
import { AheadRuns } from '../state/ahead-runs.ts'
import { Snapshots } from '../state/snapshots.ts'
import { Views } from '../state/views.ts'
import type { Identity } from '../keys/identity.ts'
import type { EnclaveParts } from './enclave-parts.ts'

/** What a worker's enclave has besides its identity. */
export interface WorkerParts {
  readonly identity: Identity
  readonly confirmations: number // CONF
  readonly epochKeys: EpochKeys
  readonly retention: Retention
  readonly views: Views
  readonly stateKeys: StateKeys
  readonly states: ContractStates
  readonly ahead: AheadRuns
  readonly codes: CodeCache
  readonly snapshots: Snapshots
  readonly lanes: Lanes // one per contract: its runs follow each other
  readonly counters: { runs: number; queriesUnderWay: number }
}

export function createWorkerParts({ vault, monotonicMs }: EnclaveParts, identity: Identity): WorkerParts {
  const confirmations = confirmationsOf(identity.binding.domain.chainId)
  return {
    identity,
    confirmations,
    epochKeys: new EpochKeys(vault),
    retention: new Retention(confirmations),
    views: new Views(monotonicMs),
    stateKeys: new StateKeys(),
    states: new ContractStates(undoDepthOf(confirmations)),
    ahead: new AheadRuns(),
    codes: new CodeCache(),
    snapshots: new Snapshots(monotonicMs),
    lanes: createLanes(),
    counters: { runs: 0, queriesUnderWay: 0 }
  }
}
