import { join } from 'node:path'
import { compileCache, enclaveFolder, enigmaHome, workerMain } from '../paths.ts'
import { runForeground } from './chain.ts'
import { readNetworkFile, type NetworkFile } from './network-file.ts'

export interface NodeFlags {
  readonly role: 'bootstrap' | 'principal' | 'worker'
  /** Waits for it, and takes chain, contract and bootstrap nodes from it; without it they come from the worker's own settings. */
  readonly networkFile?: string
  /** Settings of the worker executable, as it takes them: docs/spec/worker.md. */
  readonly settings: readonly string[]
}

/** Runs a node on this host, in the foreground. Resolves to its exit code. */
export async function runNode({ role, networkFile, settings }: NodeFlags): Promise<number> {
  const needs = role === 'worker' ? 'bootstrap' : 'contracts'
  const known = networkFile === undefined ? [] : settingsOf(await readNetworkFile(networkFile, needs, waits()))
  const own = ['--role', role, '--data-dir', join(enigmaHome(), role), '--enclave', enclaveFolder]
  return runForeground(process.execPath, [workerMain, ...own, ...known, ...settings], {
    env: { ...process.env, NODE_NO_WARNINGS: '1', NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? compileCache }
  })
}

const settingsOf = ({ chainUrl, enigma, bootstrap }: NetworkFile): string[] => [
  ...['--chain-url', chainUrl, '--enigma', enigma],
  ...(bootstrap === undefined ? [] : ['--bootstrap', bootstrap.join(',')])
]

/** Ctrl-C must end the waiting too. */
function waits(): AbortSignal {
  const controller = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => controller.abort(new Error(name)))
  return controller.signal
}
