import { spawn } from 'node:child_process'

export interface StepOptions {
  readonly cwd: string
  /** After this time the step and all its children are killed. */
  readonly timeoutMs: number
  /** Collects the output instead of showing it. */
  readonly quiet?: boolean
  readonly env?: Readonly<Record<string, string>>
}

export interface StepResult {
  /** Why the step did not succeed, as the end of a sentence; undefined if it exited with 0. */
  readonly problem: string | undefined
  /** What it printed, if it ran quietly. At most the last 200,000 characters. */
  readonly output: string
}

const maxOutput = 200_000
const running = new Set<number>()

/** Runs a command in a process group of its own, so that nothing it started outlives it. Never rejects. */
export function runStep(command: readonly string[], options: StepOptions): Promise<StepResult> {
  const [program = '', ...args] = command
  const { cwd, timeoutMs, quiet = false, env } = options
  return new Promise(resolve => {
    const child = spawn(program, args, {
      cwd,
      detached: true,
      env: { ...process.env, ...env },
      stdio: quiet ? ['ignore', 'pipe', 'pipe'] : ['ignore', 'inherit', 'inherit']
    })
    const { pid } = child
    if (pid !== undefined) running.add(pid)
    let output = ''
    let timedOut = false
    const collect = (chunk: Buffer): void => void (output = (output + chunk.toString()).slice(-maxOutput))
    child.stdout?.on('data', collect)
    child.stderr?.on('data', collect)
    const timer = setTimeout(() => {
      timedOut = true
      killGroup(pid)
    }, timeoutMs)

    const finish = (problem: string | undefined): void => {
      clearTimeout(timer)
      killGroup(pid)
      if (pid !== undefined) running.delete(pid)
      resolve({ problem, output })
    }
    child.once('error', error => finish(`${program} could not be started: ${error.message}`))
    // 'close' would wait for grandchildren that hold the pipe; the group is killed on 'exit' and then it comes.
    child.once('exit', (code, signal) => {
      killGroup(pid)
      const report = timedOut ? `it did not end within ${timeoutMs / 1000} s` : exitProblem(code, signal)
      if (quiet) child.once('close', () => finish(report))
      else finish(report)
    })
  })
}

function exitProblem(code: number | null, signal: string | null): string | undefined {
  if (code === 0) return undefined
  return signal === null ? `it ended with exit code ${code}` : `it was ended by ${signal}`
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // the group is gone already
  }
}

/** Ends every step that still runs; for signal handlers. */
export function killRunningSteps(): void {
  for (const pid of running) killGroup(pid)
}

export function seconds(startedMs: number): string {
  return `${((Date.now() - startedMs) / 1000).toFixed(1)} s`
}
