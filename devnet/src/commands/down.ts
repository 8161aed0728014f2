import { rmSync } from 'node:fs'
import { isAlive } from '../process-id.ts'
import { endLeftovers, readFile, stateFilePath } from '../state-file.ts'
import { waitFor } from '../wait.ts'
import type { CommandIo } from './io.ts'

/** Longer than a supervisor needs: 12 s of patience with its children, and some more. */
const patienceMs = 30_000

/** Stops the devnet of this machine and ends what an earlier one left behind. Exits 0 also when there is nothing to stop. */
export async function devnetDown(io: CommandIo): Promise<number> {
  const state = readFile()
  if (state === undefined) {
    io.out('No network is running.')
    return 0
  }
  if (isAlive(state.supervisor)) {
    io.out(`Stopping the network (process ${state.supervisor.pid}) ...`)
    process.kill(state.supervisor.pid, 'SIGTERM')
    const gone = await waitFor(() => !isAlive(state.supervisor), {
      what: 'the network to stop',
      limitMs: patienceMs
    }).catch(() => false)
    if (gone === false) process.kill(state.supervisor.pid, 'SIGKILL')
  }
  const left = endLeftovers(readFile() ?? state)
  if (left.length > 0) io.out(`Ended what was left: ${left.join(', ')}.`)
  rmSync(stateFilePath(), { force: true })
  io.out('Stopped.')
  return 0
}
