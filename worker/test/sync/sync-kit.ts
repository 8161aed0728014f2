import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PeerProtocol, deltaCodec, deltaHashOf, syncChunk, syncRequest, type Hash, type ScAddr } from '@enigma/protocol'
import type { PeerNetwork } from '../../src/net/peer-network.ts'
import { openDatabase, type Database } from '../../src/ops/database.ts'
import { chunksOf, type ContentSource } from '../../src/sync/chunks.ts'
import { LevelContentStore, type ContentStoreLimits } from '../../src/sync/content-store.ts'
import { quiet } from '../net/network-kit.ts'
import { hashOf } from '../memory-chain.ts'

/** Databases in folders of their own; closed and removed after a test. */
export class Disks {
  readonly #open: { dir: string; db: Database }[] = []

  async database(dir?: string): Promise<{ dir: string; db: Database }> {
    const folder = dir ?? (await mkdtemp(join(tmpdir(), 'enigma-sync-')))
    const held = { dir: folder, db: await openDatabase(join(folder, 'db')) }
    this.#open.push(held)
    return held
  }
  async content(
    limits: Partial<ContentStoreLimits> = {},
    now: () => number = Date.now
  ): Promise<{ dir: string; db: Database; store: LevelContentStore }> {
    const disk = await this.database()
    return { ...disk, store: await LevelContentStore.open(disk.db, quiet, limits, now) }
  }
  async clear(): Promise<void> {
    for (const { dir, db } of this.#open.splice(0)) {
      await db.close()
      await rm(dir, { recursive: true, force: true })
    }
  }
}

/** A delta whose ciphertext is `bytes` of filler; another `salt`, another hash. */
export function makeDelta(scAddr: ScAddr, index: number, salt = '', bytes = 100): { delta: Uint8Array; hash: Hash } {
  const delta = deltaCodec.encode({
    scAddr,
    index,
    generation: 0,
    prevHead: hashOf(`head ${index} ${salt}`),
    runDigest: hashOf(`run ${index} ${salt}`),
    ciphertext: new Uint8Array(bytes).fill(index)
  })
  return { delta, hash: deltaHashOf(delta) }
}

/** Serves content as the test says, chunk by chunk; `before` may hold a chunk up, or end the stream by throwing. */
export function serveContent(
  network: Pick<PeerNetwork, 'handleLine'>,
  source: ContentSource,
  before: (bytes: number) => void | Promise<void> = () => undefined
): void {
  network.handleLine(PeerProtocol.sync, async line => {
    const { wants } = syncRequest.decode(await line.read())
    for await (const chunk of chunksOf(wants, source)) {
      await before(chunk.pieces.reduce((sum, piece) => sum + piece.bytes.length, 0))
      await line.write(syncChunk.encode(chunk))
    }
  })
}
