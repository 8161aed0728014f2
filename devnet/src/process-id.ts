import { execFileSync } from 'node:child_process'
import { readFileSync, readdirSync } from 'node:fs'

/** A process that cannot be confused with a later one of the same number. */
export interface ProcessId {
  readonly pid: number
  /** When it began, in the operating system's own words. */
  readonly started: string
}

/** Start time of a live process, or undefined if there is none (a zombie is none). */
export function startedAt(pid: number): string | undefined {
  try {
    // The name in parentheses may hold anything; fields count from behind it: state is 3, start time is 22.
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19]
  } catch {
    return process.platform === 'linux' ? undefined : startedAtByPs(pid)
  }
}

function startedAtByPs(pid: number): string | undefined {
  try {
    const line = execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim()
    return line === '' ? undefined : line
  } catch {
    return undefined
  }
}

export function identify(pid: number): ProcessId {
  return { pid, started: startedAt(pid) ?? '' }
}

export function isAlive({ pid, started }: ProcessId): boolean {
  const now = startedAt(pid)
  return now !== undefined && now === started
}

/** Sends a signal to the process and its group, only if it is still the same process. Returns whether it was. */
export function signalGroup(id: ProcessId, signal: NodeJS.Signals): boolean {
  if (!isAlive(id)) return false
  sendToGroup(id.pid, signal)
  return true
}

/** Sends a signal to whatever is left of a group that we made; its leader may be gone already. */
export function sendToGroup(pgid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pgid, signal)
  } catch {
    // nobody is left in the group
  }
}

export interface ProcessInfo {
  readonly pid: number
  readonly parent: number
  readonly command: string
  readonly residentBytes: number
}

/** A process and all its descendants, from /proc; empty where there is no /proc. */
export function processTree(root: number): ProcessInfo[] {
  const all = listProcesses()
  const found = all.filter(({ pid }) => pid === root)
  for (let i = 0; i < found.length; i++) found.push(...all.filter(({ parent }) => parent === found[i]?.pid))
  return found
}

function listProcesses(): ProcessInfo[] {
  let names: string[]
  try {
    names = readdirSync('/proc').filter(name => /^\d+$/.test(name))
  } catch {
    return []
  }
  return names.flatMap(name => {
    try {
      const status = readFileSync(`/proc/${name}/status`, 'latin1')
      const kilobytes = Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0)
      const command = readFileSync(`/proc/${name}/cmdline`, 'latin1').replaceAll('\0', ' ').trim()
      const parent = Number(/^PPid:\s+(\d+)/m.exec(status)?.[1] ?? 0)
      return [{ pid: Number(name), parent, command, residentBytes: kilobytes * 1024 }]
    } catch {
      return [] // it ended while we looked
    }
  })
}
