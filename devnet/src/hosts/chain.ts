import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { chainSpec } from '../chain-process.ts'
import { dappFolder } from '../dapp/dapp-process.ts'
import { enigmaHome } from '../paths.ts'

export interface ChainFlags {
  readonly host?: string
  readonly port?: number
}

export interface PageFlags extends ChainFlags {
  readonly networkFile: string
}

/** Runs the devnet's chain alone, in the foreground, with its state kept in $ENIGMA_HOME/chain. Resolves to its exit code. */
export async function runChain({ host = '127.0.0.1', port = 8545 }: ChainFlags): Promise<number> {
  const { command, args, cwd } = chainSpec({
    kind: 'anvil',
    host,
    port,
    stateFile: join(enigmaHome(), 'chain', 'state.json')
  })
  return runForeground(command, args, { cwd })
}

/** Serves the template dApp's page with the network that `networkFile` describes, in the foreground. */
export function runPage({ host = '127.0.0.1', port = 8080, networkFile }: PageFlags): Promise<number> {
  const server = join(import.meta.dirname, '../dapp/server.ts')
  const flags = ['--root', dappFolder, '--host', host, '--port', String(port), '--network', networkFile]
  return runForeground(process.execPath, [server, ...flags])
}

/** Runs a program in this one's place: its terminal, its signals, its exit code. */
export async function runForeground(
  command: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {}
): Promise<number> {
  const child = spawn(command, [...args], { ...options, stdio: 'inherit' })
  const pass = (signal: NodeJS.Signals): void => void child.kill(signal)
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, pass)
  try {
    const [code] = (await once(child, 'exit')) as [number | null]
    return code ?? 1
  } finally {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, pass)
  }
}
