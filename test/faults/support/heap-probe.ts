/** `node --import heap-probe.ts`: at SIGUSR2 the process collects its garbage and notes what is left, in bytes. */
import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

const folder = process.env['ENIGMA_HEAP_PROBE']
setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

if (folder !== undefined) {
  process.on('SIGUSR2', () => {
    collect()
    collect() // what the first one only let go of
    const { heapUsed, external } = process.memoryUsage()
    const file = join(folder, `heap-of-${process.pid}`)
    writeFileSync(`${file}.new`, String(heapUsed + external))
    renameSync(`${file}.new`, file)
  })
}
