import { readFileSync } from 'node:fs'
import { processTree, type Devnet } from '@enigma/devnet'

/** Milliseconds of processor time that each part of a network has used so far, its enclave included. Linux only: /proc. */
export function cpuTimes(devnet: Devnet): Map<string, number> {
  const times = new Map<string, number>()
  for (const { name, pid } of devnet.processes()) {
    const ticks = processTree(pid).reduce((sum, one) => sum + ticksOf(one.pid), 0)
    times.set(name, ticks * MS_PER_TICK)
  }
  return times
}

/** Per task, and by part, between two readings. */
export function cpuPerTask(
  before: ReadonlyMap<string, number>,
  after: ReadonlyMap<string, number>,
  tasks: number
): Record<string, number> {
  return Object.fromEntries(
    [...after].map(([name, ms]) => [name, Number(((ms - (before.get(name) ?? 0)) / tasks).toFixed(1))])
  )
}

const MS_PER_TICK = 10

function ticksOf(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return Number(fields[11]) + Number(fields[12]) // utime, stime
  } catch {
    return 0 // it ended meanwhile
  }
}
