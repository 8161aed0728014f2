import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { codeOf } from '@enigma/protocol'
import { openDatabase, type Database } from '../../src/ops/database.ts'
import { createStatusBoard } from '../../src/ops/status-board.ts'
import { openStandby, type Standby } from '../../src/roles/standby.ts'
import { quiet } from '../net/network-kit.ts'

describe('roles/standby', () => {
  const board = createStatusBoard()
  let folder: string
  let db: Database
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'enigma-standby-'))
    db = await openDatabase(join(folder, 'db'))
  })
  afterEach(async () => {
    await db.close()
    rmSync(folder, { recursive: true, force: true })
  })
  const open = (wanted: boolean): Promise<Standby> => openStandby(db, wanted, board, quiet)

  it('is no primary, and does nothing that only the primary may, until it is promoted; then it stays one', async () => {
    const standby = await open(true)
    expect(standby.isPrimary).to.equal(false)
    expect(board.snapshot().gauges).to.include({ principal_primary: 0 })
    let code = ''
    try {
      standby.requirePrimary()
    } catch (error) {
      code = codeOf(error)
    }
    expect(code).to.equal('PRINCIPAL_STANDBY')
    expect(await standby.promote()).to.deep.equal({ primary: true, before: false })
    standby.requirePrimary()
    expect(await standby.promote()).to.deep.equal({ primary: true, before: true })
    expect((await open(true)).isPrimary, 'after a start').to.equal(true)
    expect(board.snapshot().gauges).to.include({ principal_primary: 1 })
  })

  it('is the primary if nobody wanted a standby', async () => {
    const primary = await open(false)
    primary.requirePrimary()
    expect(primary.isPrimary).to.equal(true)
  })
})
