import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { existsSync, mkdirSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { WorkerError } from '../errors.ts'

/** How an enclave process is started: docs/spec/enclave-boundary.md, "Starting it". */

export type Isolation = 'bubblewrap' | 'process-only'

export interface LaunchOptions {
  readonly distDir: string // of enclave.mjs and wasm-thread.mjs
  readonly sealedDir: string
  readonly isolation: Isolation
}

/**
 * A running enclave process; file descriptor 3 of the child is the other end of `link`. `child.send` takes connected sockets into
 * it, and nothing else: docs/spec/mpc-host.md.
 */
export interface EnclaveProcess {
  readonly child: ChildProcess
  readonly link: Duplex
  readonly isolation: Isolation
}

/** Of the child: behind its link, in the order of `stdio`. */
const IPC_FD = 4
/** Milliseconds but on a machine that is very busy, which is not to lose its cage for that. */
const BWRAP_TRY_MS = 10_000

/** Whether bubblewrap is installed and allowed here; containers often forbid it. Tried once per process. */
let tried: boolean | undefined
export function bubblewrapWorks(): boolean {
  tried ??=
    spawnSync('bwrap', ['--unshare-all', '--ro-bind', '/', '/', 'true'], { timeout: BWRAP_TRY_MS, stdio: 'ignore' })
      .status === 0
  return tried
}

const nodeFlags = (dist: string, sealed: string): string[] => [
  '--permission',
  '--allow-worker',
  '--disable-warning=PERM0006',
  '--disable-sigusr1',
  '--disallow-code-generation-from-strings',
  `--allow-fs-read=${dist}/`,
  `--allow-fs-read=${sealed}/`,
  `--allow-fs-write=${sealed}/`,
  `${dist}/enclave.mjs`,
  `--sealed=${sealed}`
]

export function enclaveCommand({ distDir, sealedDir, isolation }: LaunchOptions): { file: string; args: string[] } {
  const node = process.execPath
  if (isolation === 'process-only') {
    return { file: node, args: [...nodeFlags(distDir, sealedDir), '--isolation=process-only'] }
  }
  const cage = [
    ...['--unshare-all', '--die-with-parent', '--clearenv', '--cap-drop', 'ALL'],
    ...['--setenv', 'NODE_CHANNEL_FD', String(IPC_FD)], // sockets for MPC links: docs/adr/mpc-sockets.md
    ...['--uid', '1000', '--gid', '1000', '--ro-bind', '/usr', '/usr'],
    ...['--symlink', 'usr/lib', '/lib', '--symlink', 'usr/lib64', '/lib64'],
    ...['--ro-bind', realpathSync(node), '/node', '--ro-bind', distDir, '/app', '--bind', sealedDir, '/sealed'],
    ...['--proc', '/proc', '--dev', '/dev', '--chdir', '/']
  ]
  return { file: 'bwrap', args: [...cage, '/node', ...nodeFlags('/app', '/sealed'), '--isolation=bubblewrap'] }
}

/** @throws WORKER_CONFIG if the enclave's bundle is not there. */
export function launchEnclave(options: LaunchOptions): EnclaveProcess {
  if (!existsSync(join(options.distDir, 'enclave.mjs'))) {
    throw new WorkerError(
      { code: 'WORKER_CONFIG', setting: 'enclave' },
      `There is no enclave bundle in ${options.distDir}.`,
      { hint: 'Build it with `npm run build`, or name its folder with --enclave.' }
    )
  }
  mkdirSync(options.sealedDir, { recursive: true, mode: 0o700 })
  const { file, args } = enclaveCommand({
    ...options,
    distDir: realpathSync(options.distDir),
    sealedDir: realpathSync(options.sealedDir)
  })
  // An enclave gets no environment: nothing in it is its business. bwrap alone must be found on a path.
  const env = options.isolation === 'bubblewrap' ? { PATH: process.env['PATH'] ?? '/usr/bin:/bin' } : {}
  // A session of its own has no terminal, and is one process group: what `killEnclave` ends. So bwrap is not to open another one.
  const child = spawn(file, args, { env, cwd: '/', detached: true, stdio: ['ignore', 'pipe', 'pipe', 'pipe', 'ipc'] })
  child.once('exit', (_, signal) => {
    if (signal !== null) killGroup(child.pid!) // by somebody else, who knows of bwrap alone
  })
  return { child, link: child.stdio[3] as Duplex, isolation: options.isolation }
}

/**
 * Kills an enclave's process and whatever it has forked. A bwrap that dies alone while it starts leaves a child that waits for ever for
 * its word, and holds the enclave's pipes open. No effect on a process that has ended.
 */
export function killEnclave({ child }: EnclaveProcess): void {
  if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) killGroup(child.pid)
}

function killGroup(leader: number): void {
  try {
    process.kill(-leader, 'SIGKILL')
  } catch {
    // nobody is left in it
  }
}
