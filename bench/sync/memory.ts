import { processTree } from '@enigma/devnet'
import { readFileSync } from 'node:fs'

const MB = 1e6

/** The highest resident sets that the processes of a node ever had, in MB: its own, and together those of the enclave it started. */
export function peakMemory(pid: number): { readonly worker: number; readonly enclave: number } {
  const [own, ...enclave] = processTree(pid).map(child => highest(child.pid))
  return { worker: own ?? NaN, enclave: enclave.reduce((sum, one) => sum + one, 0) }
}

/** 0 for a process that has just ended. */
function highest(pid: number): number {
  try {
    const kilobytes = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
    return (Number(kilobytes ?? 0) * 1024) / MB
  } catch {
    return 0
  }
}
