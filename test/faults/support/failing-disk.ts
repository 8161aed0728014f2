import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { must } from '../row.ts'

const STRACE = '/usr/bin/strace'

/** While `use` runs, everything that a process wants to have safely on its disk fails with EIO: as on a disk that is dying. */
export async function withFailingDisk<T>(pid: number, use: () => Promise<T>): Promise<T> {
  must(existsSync(STRACE), 'strace is not installed (Debian package strace)')
  const calls = 'fsync,fdatasync'
  const strace = spawn(STRACE, ['-f', '-e', `trace=${calls}`, '-e', `inject=${calls}:error=EIO`, '-p', String(pid)], {
    stdio: ['ignore', 'ignore', 'pipe']
  })
  const ended = once(strace, 'exit') // also by itself, with the process
  try {
    await once(strace.stderr, 'data') // "Process N attached"
    return await use()
  } finally {
    strace.kill('SIGINT') // it lets go of the process
    await ended
  }
}
