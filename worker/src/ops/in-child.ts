import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { printable } from '@enigma/protocol'
import type { WORK } from './database-child.ts'

const CHILD = join(import.meta.dirname, 'database-child.ts')
const HEAP_MIB = 256
/** How a process ends by a fault of its own, or of the disk behind its memory. */
const FATAL: readonly string[] = ['SIGABRT', 'SIGSEGV', 'SIGBUS', 'SIGILL', 'SIGFPE', 'SIGTRAP']

/**
 * Reads or repairs a database in a process of its own, since LevelDB may end the whole process over what it finds there. Returns also if the
 * time is over before it is done.
 *
 * @throws with `LEVEL_CORRUPTION` if the process ended by a fault of its own; with LevelDB's code and words if LevelDB says something.
 */
export async function inChild(work: keyof typeof WORK, path: string, limitMs: number): Promise<void> {
  const args = [`--max-old-space-size=${HEAP_MIB}`, '--no-warnings', CHILD, work, path]
  const stdio = ['pipe', 'ignore', 'pipe'] as const
  const child = spawn(process.execPath, args, { stdio: [...stdio], timeout: limitMs, killSignal: 'SIGKILL' })
  const ended = new Promise<[number | null, string | null]>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve([code, signal]))
  })
  const [said, [code, signal]] = await Promise.all([text(child.stderr!), ended])
  const isFault = signal !== null && FATAL.includes(signal) && !said.includes('heap out of memory')
  if (isFault) throw levelError('LEVEL_CORRUPTION', `LevelDB ended by ${signal}: ${said.trim()}`)
  const [, level = '', words = said] = /^(LEVEL_\w+) (.*)/s.exec(said) ?? []
  if (code !== 0 && signal === null) throw levelError(level, words)
}

const levelError = (code: string, message: string): Error => Object.assign(new Error(printable(message, 300)), { code })
