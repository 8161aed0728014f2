import type { Empty, EnclaveCalls, EnclaveMethodName } from '@enigma/protocol'
import { createLanes } from '../process/lanes.ts'
import { checkEnvelope, encryptionKey } from './inputs.ts'
import { evidence, start, status } from './lifecycle.ts'
import { mpcCompute, mpcInput, mpcOffer, mpcOpen } from './mpc.ts'
import { answerChainView, epochSeed, rotateGeneration } from './principal.ts'
import { query } from './query.ts'
import { release } from './release.ts'
import { rerun } from './rerun.ts'
import { exportRoot, importRequest, importRoot } from './root.ts'
import { accept, run } from './run.ts'
import { principalOf, workerOf, type Enclave } from './session.ts'
import { loadSnapshotPart, makeSnapshot, openSnapshot, snapshotPart } from './snapshots.ts'
import { applyDeltas, dropState, loadCode, revertState, stateTip } from './states.ts'
import { chainViewRequest, openChainView } from './views.ts'

type Handler<M extends EnclaveMethodName> = (
  request: EnclaveCalls[M][0]
) => EnclaveCalls[M][1] | Promise<EnclaveCalls[M][1]>

/** Every call of the boundary; one that is missing does not compile. */
export type Handlers = { readonly [M in EnclaveMethodName]: Handler<M> }

const DONE: Empty = {}

/** The lane of calls that may write to the sealed folder: one at a time, so that none sees another's half of the work. */
const VAULT = 'vault'

export function createHandlers(enclave: Enclave): Handlers {
  const lanes = createLanes()
  const alone = <T>(work: () => Promise<T>): Promise<T> => lanes.run(VAULT, work)
  return {
    start: request => alone(() => start(enclave, request)),
    evidence: request => evidence(enclave, request),
    status: () => status(enclave),

    encryptionKey: request => alone(() => encryptionKey(workerOf(enclave), request)),
    async forgetEpochs({ before }) {
      await alone(() => workerOf(enclave).epochKeys.forget(before))
      return DONE
    },
    checkEnvelope: request => checkEnvelope(workerOf(enclave), request),
    chainViewRequest: request => chainViewRequest(workerOf(enclave), request),
    async openChainView(request) {
      await alone(() => openChainView(workerOf(enclave), request))
      return DONE
    },
    stateTip: request => stateTip(workerOf(enclave), request),
    applyDeltas: request => applyDeltas(workerOf(enclave), request),
    revertState: request => revertState(workerOf(enclave), request),
    dropState(request) {
      dropState(workerOf(enclave), request)
      return DONE
    },
    makeSnapshot: request => makeSnapshot(workerOf(enclave), request),
    snapshotPart: request => snapshotPart(workerOf(enclave), request),
    loadSnapshotPart(request) {
      loadSnapshotPart(workerOf(enclave), request)
      return DONE
    },
    openSnapshot: request => openSnapshot(enclave, request),
    loadCode: request => loadCode(workerOf(enclave), request),
    accept: request => accept(workerOf(enclave), request),
    run: request => run(enclave, request),
    rerun: request => rerun(enclave, request),
    release: request => release(enclave, request),
    query: request => query(enclave, request),

    epochSeed: request => alone(() => epochSeed(principalOf(enclave), request)),
    answerChainView: request => answerChainView(enclave, request),
    importRequest: request => importRequest(enclave, request),
    exportRoot: request => exportRoot(enclave, principalOf(enclave), request),
    importRoot: request => alone(() => importRoot(enclave, request)),
    rotateGeneration: () => alone(() => rotateGeneration(principalOf(enclave))),

    mpcOffer: request => mpcOffer(enclave, request),
    mpcOpen: request => mpcOpen(enclave, request),
    async mpcInput(request) {
      await mpcInput(enclave, request)
      return DONE
    },
    mpcCompute: request => mpcCompute(enclave, request),
    mpcClose({ session }) {
      enclave.mpc.close(session)
      return DONE
    }
  }
}
