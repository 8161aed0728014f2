const FLAG = '--max-semi-space-size'
/** MiB. What a node reads from the chain and from peers is garbage soon, and would stay: 80 MB at 10,000 tasks (docs/measurements.md). */
const YOUNG_MIB = 8

/** Whether somebody has decided it already: this program, or whoever started it. */
const isDecided = (execArgv: readonly string[], nodeOptions: string): boolean =>
  [...execArgv, ...nodeOptions.split(/\s+/)].some(word => word.replaceAll('_', '-').startsWith(FLAG))

/**
 * Puts this program, with less room for young objects, in the place of this process: V8 takes that bound at its own start and at no other
 * time. Same process, same descriptors; costs the start of Node.js, 50 ms, once. Where that is impossible, the node goes on as it is. To be
 * called before anything else is loaded; this file loads nothing.
 */
export function keepYoungHeapSmall(): void {
  if (isDecided(process.execArgv, process.env['NODE_OPTIONS'] ?? '') || process.connected) return
  const args = [process.execPath, `${FLAG}=${YOUNG_MIB}`, ...process.execArgv, ...process.argv.slice(1)]
  try {
    process.execve?.(process.execPath, args, process.env)
  } catch (error) {
    process.emitWarning(`The node needs more memory than it should: ${String(error)}`)
  }
}
