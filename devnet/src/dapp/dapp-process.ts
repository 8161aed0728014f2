import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { ManagedProcess, ProcessSpec } from '../managed-process.ts'
import { compileCache, repositoryRoot } from '../paths.ts'
import { waitFor } from '../wait.ts'

/** The page as `node tools/build.ts` leaves it. */
export const dappFolder = join(repositoryRoot, 'template-dapp/dist')

export const isDappBuilt = (): boolean => existsSync(join(dappFolder, 'index.html'))

/** The template dApp's page, served by a process of its own. */
export const dappSpec = (port: number, networkFile: string): ProcessSpec => ({
  name: 'dapp',
  command: process.execPath,
  args: [
    join(import.meta.dirname, 'server.ts'),
    '--root',
    dappFolder,
    '--port',
    String(port),
    '--network',
    networkFile
  ],
  cwd: repositoryRoot,
  env: { NODE_COMPILE_CACHE: compileCache }
})

export async function dappUrl(dapp: ManagedProcess, signal: AbortSignal): Promise<string> {
  return waitFor(
    () => {
      dapp.assertRunning()
      return dapp.log
        .linesOfRun()
        .map(line => /the page is at (http:\S+)/.exec(line)?.[1])
        .findLast(found => found !== undefined)
    },
    { what: 'the dApp to listen', limitMs: 20_000, intervalMs: 20, signal }
  )
}
