import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { must, type Row } from '../row.ts'
import { audit } from '../support/audit.ts'
import { CountingLoad } from '../support/load.ts'

const LIBRARY = '/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1'

/** The clocks of single nodes are a day wrong, or fall back an hour while they run; what counts monotonically goes on. */
export const row: Row = {
  number: 23,
  name: 'clock +/- 1 day, jump back 1 h',
  lane: 'devnet',
  times: { core: 0, full: 20, campaign: 30 },
  minutes: 6,
  async run({ network, random, times }) {
    must(existsSync(LIBRARY), 'libfaketime is not installed (Debian package faketime)')
    const net = await network()
    const { devnet } = net
    const loads = [await CountingLoad.prepare(net, { pauseMs: 0 })]
    for (const load of loads) load.start()
    let jumps = 0
    for (let i = 0; i < times; i++) {
      await net.withNode(random, net.names, async node => {
        const file = join(devnet.dataDir, `clock-of-${node.name}`)
        const clock = (offset: string): void => writeFileSync(file, `${offset}\n`)
        clock(['+1d', '-1d', '+0'][i % 3]!)
        const fake = { FAKETIME_TIMESTAMP_FILE: file, FAKETIME_CACHE_DURATION: '1', FAKETIME_DONT_FAKE_MONOTONIC: '1' }
        await devnet.restart(node.name, { env: { LD_PRELOAD: LIBRARY, ...fake } })
        await net.blocks(4)
        if (i % 3 === 2) {
          const length = net.log(node.name).length
          clock('-1h')
          const fell = async (): Promise<true | undefined> =>
            new Date(lastStamp(net.log(node.name).slice(length)) ?? NaN).getTime() < Date.now() - 50 * 60_000
              ? true
              : undefined
          await net.eventually(`the clock of ${node.name} to fall back`, fell)
          jumps += 1
        }
        await net.blocks(5)
        const { ready } = await node.status()
        must(ready, `${node.name} is not ready with its wrong clock`)
      })
    }
    // Until here their clocks stayed wrong, each in another way.
    for (const name of net.names) await net.withNode(random, [name], () => devnet.restart(name))
    must(times < 3 || jumps > 0, 'no clock ever jumped')
    return `stuck tasks 0 with ${times} wrong clocks, ${jumps} of them fell back an hour under way; ${await audit(net, loads)}`
  }
}

const lastStamp = (log: string): string | undefined => log.match(/^\d{4}-\d\d-\d\dT[\d:.]+Z/gm)?.at(-1)
