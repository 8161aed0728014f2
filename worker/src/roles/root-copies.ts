import { attested, codeOf, toHex, type StartRequest, type StartResponse } from '@enigma/protocol'
import { WorkerError } from '../errors.ts'
import type { EnclaveSupervisor, UnboundCall } from '../enclave/enclave.ts'
import { jsonPart, type Database } from '../ops/database.ts'
import type { Logger } from '../ops/log.ts'
import type { StatusBoard } from '../ops/status-board.ts'
import type { ManagementActions } from '../rpc/management.ts'

export interface RootCopiesParts {
  readonly enclave: EnclaveSupervisor
  readonly db: Database
  readonly board: StatusBoard
  readonly log: Logger
  /** Of a standby: an enclave that is nobody waits for a root, instead of making its own. */
  readonly mayWait: boolean
  readonly start: StartRequest
}

export interface RootCopies {
  /** Makes the enclave somebody: by itself, or by the root that its operator brings. */
  bind(): Promise<void>
  readonly actions: Pick<ManagementActions, 'importRequest' | 'exportRoot' | 'importRoot'>
}

const BOUND = 'principal-bound'
const BUSY = 'The enclave of this principal is somebody already.'

/** R14: several enclaves hold the root of one principal. docs/spec/principal-copies.md */
export function createRootCopies({ enclave, db, board, log, mayWait, start }: RootCopiesParts): RootCopies {
  const meta = jsonPart<string>(db, 'node-meta')
  /** The enclave process that waits for a root now. */
  let waiting: { readonly call: UnboundCall; readonly done: PromiseWithResolvers<StartResponse> } | null = null

  function unbound(): NonNullable<typeof waiting> {
    if (waiting) return waiting
    throw new WorkerError({ code: 'PRINCIPAL_BOUND' }, BUSY, {
      hint: 'Only a principal started with --standby on an empty data folder takes a root.'
    })
  }

  async function become(call: UnboundCall): Promise<StartResponse> {
    try {
      await call('importRequest', start)
    } catch (error) {
      // It has its root, and this host ended before it could note that.
      if (isBound(error)) return call('start', start)
      throw error
    }
    const done = Promise.withResolvers<StartResponse>()
    waiting = { call, done }
    board.waits('start', 'WAITS_FOR_ROOT', 'for the root: enigma principal request, export, import')
    log.info('this standby has no root so far; bring it with enigma principal request, export and import')
    const alive = setInterval(() => {
      call('status', {}).catch(error => {
        if (codeOf(error) === 'WORKER_ENCLAVE_DOWN') done.reject(error)
      })
    }, ALIVE_MS)
    try {
      return await done.promise
    } finally {
      clearInterval(alive)
      waiting = null
    }
  }

  return {
    async bind() {
      const isSomebody = (await meta.get(BOUND)) !== undefined
      await (mayWait && !isSomebody ? enclave.bindByImport(start, become) : enclave.bind(start))
      await meta.put(BOUND, enclave.identity.signer)
    },
    actions: {
      async importRequest() {
        const asked = await unbound().call('importRequest', start)
        return { request: toHex(attested.encode(asked)) }
      },
      async exportRoot(request) {
        const { sealed } = await enclave.call('exportRoot', { to: attested.decode(request) })
        log.warn('the root was exported to another enclave of this code')
        return { sealed: toHex(sealed) }
      },
      async importRoot(sealed) {
        const { call, done } = unbound()
        const identity = await call('importRoot', { start, sealed })
        done.resolve(identity)
        log.info('the root was imported', { signer: identity.signer })
        return { signer: identity.signer }
      }
    }
  }
}

const ALIVE_MS = 2_000
const isBound = (error: unknown): boolean =>
  error instanceof WorkerError && error.facts.code === 'ENCLAVE_REFUSED' && error.facts.reason === 'ENCLAVE_BOUND'
