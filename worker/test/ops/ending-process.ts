import { setTimeout as sleep } from 'node:timers/promises'
import { createEnding } from '../../src/ops/ending.ts'
import { createLogger } from '../../src/ops/log.ts'
import { createStops } from '../../src/roles/stops.ts'

/** A process with the life cycle of a node and times a tenth as long; its parts come as NAME, NAME:slow, NAME:hangs or NAME:fails. */
const log = createLogger()
const stops = createStops(log, { eachMs: 300, allMs: 800, leastMs: 100 })
const end = createEnding({ log, stops, exit: code => process.exit(code), limitMs: 900 })

for (const word of process.argv.slice(2)) {
  const [name = '', manner = ''] = word.split(':')
  stops.add(name, async () => {
    if (manner === 'hangs') await new Promise(() => undefined)
    if (manner === 'fails') throw new Error('it will not')
    if (manner === 'slow') await sleep(100)
    console.log(`stopped ${name}`)
  })
}
process.on('SIGTERM', () => end(0))
setInterval(() => undefined, 1_000)
console.log('up')
if (process.env['CRASH'] === '1') end(1)
