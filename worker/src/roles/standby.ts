import { WorkerError } from '../errors.ts'
import { jsonPart, type Database } from '../ops/database.ts'
import type { Logger } from '../ops/log.ts'
import type { StatusBoard } from '../ops/status-board.ts'

/** Whether this principal is the one that sends setEpoch (R14). */
export interface Standby {
  readonly isPrimary: boolean
  promote(): Promise<object>
  /** @throws PRINCIPAL_STANDBY */
  requirePrimary(): void
}

const PROMOTED = 'principal-promoted'

/**
 * A principal started with --standby leaves setEpoch to another, until its operator promotes it. That is remembered: a later start with
 * --standby does not take it back. Two primaries harm nobody, for the contract takes each call once; they only waste gas.
 */
export async function openStandby(db: Database, wanted: boolean, board: StatusBoard, log: Logger): Promise<Standby> {
  const meta = jsonPart<string>(db, 'node-meta')
  let isPrimary = !wanted || (await meta.get(PROMOTED)) !== undefined
  const show = (): void => board.gauge('principal_primary', isPrimary ? 1 : 0)
  show()
  log.info(
    isPrimary ? 'this principal sends setEpoch' : 'this principal is a standby: it leaves setEpoch to the primary'
  )
  return {
    get isPrimary() {
      return isPrimary
    },
    async promote() {
      await meta.put(PROMOTED, new Date().toISOString())
      const before = isPrimary
      isPrimary = true
      show()
      if (!before) log.warn('promoted: this principal sends setEpoch from now on')
      return { primary: true, before }
    },
    requirePrimary() {
      if (isPrimary) return
      throw new WorkerError(
        { code: 'PRINCIPAL_STANDBY' },
        'This principal is a standby: what it prepares would not be used from the next epoch on.'
      )
    }
  }
}
