import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DevnetWorker } from '@enigma/devnet'
import { openDatabase, type Database } from '@enigma/worker/testing'
import type { FaultNet } from './fault-net.ts'

/** Looks into a worker's database as a restart would find it: into a copy of one instant, for which the worker is halted. */
export async function withDiskCopy<T>(
  { devnet }: Pick<FaultNet, 'devnet'>,
  worker: DevnetWorker,
  look: (db: Database) => Promise<T>
): Promise<T> {
  const copy = mkdtempSync(join(tmpdir(), 'enigma-disk-'))
  try {
    const isAlive = worker.pid !== undefined
    if (isAlive) await devnet.kill(worker.name, 'SIGSTOP')
    try {
      cpSync(join(worker.dataDir, 'db'), join(copy, 'db'), { recursive: true })
    } finally {
      if (isAlive) await devnet.kill(worker.name, 'SIGCONT')
    }
    const db = await openDatabase(join(copy, 'db'))
    try {
      return await look(db)
    } finally {
      await db.close()
    }
  } finally {
    rmSync(copy, { recursive: true, force: true })
  }
}
