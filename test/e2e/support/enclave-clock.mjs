/**
 * Loaded into principal and workers by end-to-end tests (`node --import`): the clock of the enclaves they start is ahead of the machine's by
 * the seconds in `clock` in their sealed folder, the only one they read besides their code; `$ENIGMA_ENCLAVE_CLOCK` while it is not there.
 * The enclave's code and measurement are the real ones.
 */
import child from 'node:child_process'
import { syncBuiltinESMExports } from 'node:module'

const clock = `
import { readFileSync } from 'node:fs'
const { now } = Date
const folder = process.argv.find(word => word.startsWith('--sealed='))?.slice(9)
let seconds = ${Number(process.env.ENIGMA_ENCLAVE_CLOCK ?? 0)}
// Its threads have no folder, and no clock: what they run is told the time by the chain.
if (folder !== undefined) Date.now = () => {
  try { seconds = Number(readFileSync(folder + '/clock', 'utf8')) } catch {}
  return now() + 1000 * seconds
}`

const { spawn } = child
child.spawn = (file, args, options) => {
  const at = Array.isArray(args) && args.some(word => word.endsWith('enclave.mjs')) ? args.indexOf('--permission') : -1
  if (at === -1) return spawn(file, args, options)
  return spawn(file, args.toSpliced(at, 0, '--import', `data:text/javascript,${encodeURIComponent(clock)}`), options)
}
syncBuiltinESMExports()
