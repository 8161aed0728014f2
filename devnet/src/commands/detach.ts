import { spawn } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { enigmaHome, repositoryRoot } from '../paths.ts'
import { assertNoneRuns } from '../state-file.ts'
import type { DevnetUpFlags } from './flags.ts'
import type { CommandIo } from './io.ts'
import { StopSignal } from './stop-signal.ts'

/**
 * Starts the supervisor in the background, passes on what it prints until the line READY, and comes back. Ctrl-C before that stops it.
 * Its output goes on in `.enigma/devnet/supervisor.log` and `supervisor.errors.log`.
 */
export async function upDetached(flags: DevnetUpFlags, io: CommandIo): Promise<number> {
  assertNoneRuns() // before its log is begun anew
  const logFile = join(enigmaHome(), 'devnet', 'supervisor.log')
  mkdirSync(dirname(logFile), { recursive: true, mode: 0o700 })
  const errorFile = join(dirname(logFile), 'supervisor.errors.log')
  const descriptors = [openSync(logFile, 'w', 0o600), openSync(errorFile, 'w', 0o600)] as const
  const main = join(repositoryRoot, 'devnet/src/main.ts')
  const supervisor = spawn(process.execPath, [main, 'up', ...argumentsOf(flags)], {
    cwd: repositoryRoot,
    detached: true,
    stdio: ['ignore', ...descriptors]
  })
  for (const descriptor of descriptors) closeSync(descriptor)
  let exit: number | undefined
  supervisor.once('exit', code => void (exit = code ?? 1))
  supervisor.once('error', () => void (exit = 1))

  const stop = new StopSignal()
  let shown = 0
  let asked = false
  for (;;) {
    const ended = exit
    const lines = readFileSync(logFile, 'utf8').split('\n').slice(0, -1)
    for (const line of lines.slice(shown)) io.out(line)
    shown = lines.length
    if (ended !== undefined) {
      const errors = readFileSync(errorFile, 'utf8').trimEnd()
      if (errors !== '') io.err(errors)
      return stop.stopped ? 0 : ended === 0 ? 1 : ended
    }
    if (lines.some(line => line.startsWith('READY'))) break
    if (stop.stopped && !asked) asked = supervisor.kill('SIGTERM')
    await sleep(100)
  }
  stop.dispose()
  supervisor.unref()
  io.out(`It runs in the background (process ${supervisor.pid}); stop it with \`enigma stop\` or \`./launch.sh -q\`.`)
  return 0
}

function argumentsOf({ workers, keep, epochSize }: DevnetUpFlags): string[] {
  return [
    '--simulation',
    '--log-files',
    ...(keep === true ? ['--keep'] : []),
    ...(workers === undefined ? [] : ['--workers', String(workers)]),
    ...(epochSize === undefined ? [] : ['--epoch-size', String(epochSize)])
  ]
}
