import { readFileSync, rmSync, mkdirSync, writeFileSync, chmodSync } from 'node:fs'
import { join } from 'node:path'
import type { InfoResult, StepStatus } from '@enigma/protocol'
import type { DevAccount } from './accounts.ts'
import type { ManagedProcess, ProcessSpec } from './managed-process.ts'
import { compileCache, enclaveFolder, repositoryRoot, workerMain } from './paths.ts'
import { waitFor } from './wait.ts'

/** What a principal or worker says about itself in DATA_DIR/runtime.json once it listens. */
export interface NodeRuntime {
  readonly pid: number
  readonly httpUrl: string
  readonly multiaddrs: readonly string[]
}

/** The part of `/status` that a devnet looks at. */
export interface NodeStatus {
  readonly ready: boolean
  /** `bubblewrap` or `process-only`. */
  readonly isolation?: string
  /** Connected and verified. */
  readonly peers?: readonly { readonly peerId: string }[]
  readonly enclavePid?: number
  readonly steps: readonly StepStatus[]
}

export interface NodeInit {
  readonly role: 'principal' | 'worker'
  readonly name: string
  readonly chainUrl: string
  readonly enigma: string
  readonly dataDir: string
  readonly keyDir: string
  readonly httpPort: number
  readonly p2pPort: number
  readonly bootstrap: readonly string[]
  readonly operator: DevAccount
  readonly staking?: string
  /** Principal: takes the root of another one, and leaves setEpoch to it. */
  readonly standby?: boolean
  /** Principal: logged-in workers before the first epoch call. */
  readonly minWorkers?: number
  /** Modules loaded before the program, such as the tap of the end-to-end tests. */
  readonly preload?: readonly string[]
  /** Stands before the command line. */
  readonly lead?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

const runtimeFile = (dataDir: string): string => join(dataDir, 'runtime.json')

/** The command line of a principal or worker. The operator's key goes by file, so that no list of processes shows it. */
export function nodeSpec(init: NodeInit): ProcessSpec {
  const keyFile = join(init.keyDir, `${init.name}.key`)
  mkdirSync(init.keyDir, { recursive: true, mode: 0o700 })
  mkdirSync(init.dataDir, { recursive: true, mode: 0o700 })
  writeFileSync(keyFile, `${init.operator.privateKey}\n`, { mode: 0o600 })
  chmodSync(keyFile, 0o600) // an older file keeps its mode otherwise
  const flags: [string, string | number | undefined][] = [
    ['role', init.role],
    ['name', init.name],
    ['chain-url', init.chainUrl],
    ['enigma', init.enigma],
    ['data-dir', init.dataDir],
    ['http-port', init.httpPort],
    ['p2p-port', init.p2pPort],
    ['bootstrap', init.bootstrap.length > 0 ? init.bootstrap.join(',') : undefined],
    ['operator-key-file', keyFile],
    ['staking', init.staking],
    ['min-workers', init.minWorkers],
    ['log-format', 'text'],
    ['enclave', enclaveFolder]
  ]
  const args = flags.flatMap(([name, value]) => (value === undefined ? [] : [`--${name}`, String(value)]))
  if (init.role === 'worker') args.push('--auto-login')
  if (init.standby) args.push('--standby')
  const preload = (init.preload ?? []).flatMap(module => ['--import', module])
  const [command = process.execPath, ...words] = [...(init.lead ?? []), process.execPath]
  return {
    name: init.name,
    command,
    args: [...words, ...preload, workerMain, ...args],
    cwd: repositoryRoot,
    env: { NODE_NO_WARNINGS: '1', NODE_COMPILE_CACHE: compileCache, ...init.env }
  }
}

/** Forgets what an earlier process wrote, so that nobody takes its address for the new one's. */
export function forgetRuntime(dataDir: string): void {
  rmSync(runtimeFile(dataDir), { force: true })
}

/** Waits until the process has written where it listens. */
export function nodeRuntime(
  node: ManagedProcess,
  dataDir: string,
  signal: AbortSignal,
  isEnough: (runtime: NodeRuntime) => boolean = () => true
): Promise<NodeRuntime> {
  return waitFor(
    () => {
      node.assertRunning()
      const runtime = JSON.parse(readFileSync(runtimeFile(dataDir), 'utf8')) as NodeRuntime
      return runtime.pid === node.id?.pid && isEnough(runtime) ? runtime : undefined
    },
    { what: `${node.name} to listen`, limitMs: 60_000, intervalMs: 50, signal, explain: () => lastLines(node) }
  )
}

export async function nodeStatus(httpUrl: string): Promise<NodeStatus> {
  const response = await fetch(`${httpUrl}/status`, { signal: AbortSignal.timeout(5_000) })
  return (await response.json()) as NodeStatus
}

export interface ReadyInit {
  readonly limitMs: number
  readonly signal: AbortSignal
  /** Peers it must be connected with as well. */
  readonly peers: number
}

/** Waits until `/status` says ready; the error names the steps that are not done. */
export async function nodeReady(
  node: ManagedProcess,
  httpUrl: string,
  { limitMs, signal, peers }: ReadyInit
): Promise<void> {
  let last: NodeStatus | undefined
  await waitFor(
    async () => {
      node.assertRunning()
      last = await nodeStatus(httpUrl)
      return last.ready && (last.peers?.length ?? 0) >= peers
    },
    { what: `${node.name} to be ready`, limitMs, signal, explain: () => openSteps(last) + lastLines(node) }
  )
}

/** POST /mgmt/ACTION with the token from the node's data folder. */
export async function manageNode(
  httpUrl: string,
  dataDir: string,
  action: string,
  body: object
): Promise<Record<string, unknown>> {
  const token = readFileSync(join(dataDir, 'mgmt.token'), 'utf8').trim()
  const response = await fetch(`${httpUrl}/mgmt/${action}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(30_000)
  })
  const answer = (await response.json()) as Record<string, unknown> & { error?: { message: string } }
  if (answer.error !== undefined) throw new Error(`${action}: ${answer.error.message}`)
  return answer
}

/** JSON-RPC `getInfo` of a node. */
export async function nodeInfo(node: ManagedProcess, httpUrl: string, signal: AbortSignal): Promise<InfoResult> {
  return waitFor(
    async () => {
      node.assertRunning()
      const response = await fetch(httpUrl, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'getInfo', params: {} }),
        signal: AbortSignal.timeout(5_000)
      })
      const { result, error } = (await response.json()) as { result?: InfoResult; error?: { message: string } }
      if (error !== undefined) throw new Error(error.message)
      return result?.attested === null ? undefined : result
    },
    { what: `${node.name} to show its enclave's evidence`, limitMs: 60_000, signal, explain: () => lastLines(node) }
  )
}

function openSteps(status: NodeStatus | undefined): string {
  const open = status?.steps.filter(({ state }) => state !== 'done') ?? []
  if (open.length === 0) return `It has ${status?.peers?.length ?? 0} peers.`
  return open.map(({ name, state, detail }) => `${name} is ${state}${detail && ` (${detail})`}`).join(', ')
}

function lastLines(node: ManagedProcess): string {
  return `\nThe last lines of ${node.name}:\n${node.log.lines(8).join('\n')}`
}
