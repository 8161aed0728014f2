import { execFileSync } from 'node:child_process'
import { closeSync, cpSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { Devnet, DevnetWorker } from '@enigma/devnet'

/**
 * Puts a stopped node's data on a disk of its own, in memory. Only for lanes with a mount namespace of their own: nobody else sees it,
 * and it vanishes with the lane.
 */
export function onSmallDisk(dataDir: string, megabytes: number): SmallDisk {
  const aside = `${dataDir}.aside`
  renameSync(dataDir, aside)
  mkdirSync(dataDir, { mode: 0o700 })
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=700`, 'tmpfs', dataDir])
  cpSync(aside, dataDir, { recursive: true })
  rmSync(aside, { recursive: true })
  const filler = join(dataDir, 'filler')
  let mounted = true
  return {
    fill() {
      const file = openSync(filler, 'w')
      const zeros = Buffer.alloc(64 * 1024)
      try {
        for (;;) writeSync(file, zeros)
      } catch {
        // the disk is full
      } finally {
        closeSync(file)
      }
    },
    free: () => rmSync(filler, { force: true }),
    get mounted() {
      return mounted
    },
    readOnly: value => void execFileSync('mount', ['-o', `remount,${value ? 'ro' : 'rw'}`, dataDir]),
    remove() {
      mounted = false
      cpSync(dataDir, aside, { recursive: true })
      execFileSync('umount', ['--lazy', dataDir])
      rmSync(dataDir, { recursive: true })
      renameSync(aside, dataDir)
    }
  }
}

/** Stops a worker, puts its data where they were, and starts it again. Does nothing the second time. */
export async function backOnItsDisk(
  { devnet }: { readonly devnet: Devnet },
  worker: DevnetWorker,
  disk: SmallDisk
): Promise<void> {
  if (!disk.mounted) return
  if (worker.pid !== undefined) await devnet.kill(worker.name, 'SIGTERM')
  disk.readOnly(false)
  disk.free()
  disk.remove()
  await devnet.restart(worker.name)
}

export interface SmallDisk {
  readonly mounted: boolean
  /** Leaves no byte free. */
  fill(): void
  free(): void
  /** Refused by the system while a file is open for writing. */
  readOnly(value: boolean): void
  /** Back to the folder's own disk; the node must be stopped. */
  remove(): void
}
