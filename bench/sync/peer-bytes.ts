import { execFileSync } from 'node:child_process'

/** Bytes that a process has sent and received over the TCP connections it has now but for those of these ports; null without `ss`. */
export function peerBytes(pid: number, exceptPorts: readonly number[]): number | null {
  let lines: string[]
  try {
    lines = execFileSync('ss', ['-tinpHO'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).split('\n')
  } catch {
    return null
  }
  const portsOf = (line: string): number[] => [...line.matchAll(/[\d\]*]:(\d+)(?=\s)/g)].map(match => Number(match[1]))
  return lines
    .filter(line => line.includes(`pid=${pid},`) && !portsOf(line).some(port => exceptPorts.includes(port)))
    .flatMap(line => [...line.matchAll(/\bbytes_(?:sent|received):(\d+)/g)].map(match => Number(match[1])))
    .reduce((sum, bytes) => sum + bytes, 0)
}
