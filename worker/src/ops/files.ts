import { constants } from 'node:fs'
import { copyFile, link, open } from 'node:fs/promises'

/** For a file that somebody may take away meanwhile. */
export const goneIs =
  <T>(instead: T) =>
  (error: unknown): T => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return instead
    throw error
  }

/** A second name of a file, or a copy where the file system has no such thing. */
export async function linkOrCopy(from: string, to: string): Promise<void> {
  try {
    await link(from, to)
  } catch (error) {
    if (!['EXDEV', 'EPERM', 'EMLINK', 'ENOTSUP'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
    await copyFile(from, to, constants.COPYFILE_FICLONE)
  }
}

/** What a disk gives up at once when it cannot read. */
const SECTOR_BYTES = 4096

/** A file, with zeros where the disk cannot read it. @throws what the disk says besides EIO */
export async function readWhatCanBe(path: string, openFile: typeof open = open): Promise<Uint8Array> {
  const file = await openFile(path, 'r')
  try {
    const bytes = new Uint8Array((await file.stat()).size)
    for (let at = 0; at < bytes.length; at += SECTOR_BYTES) {
      await file.read(bytes, at, Math.min(SECTOR_BYTES, bytes.length - at), at).catch((error: unknown) => {
        if (!isUnreadable(error)) throw error
        bytes.fill(0, at, at + SECTOR_BYTES)
      })
    }
    return bytes
  } finally {
    await file.close()
  }
}

export const isUnreadable = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'EIO'
