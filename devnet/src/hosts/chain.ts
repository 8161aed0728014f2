import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { chainSpec } from '../chain-process.ts'
import { enigmaHome } from '../paths.ts'

export interface ChainFlags {
  readonly host?: string
  readonly port?: number
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
