import { existsSync } from 'node:fs'
import { must, type Row } from '../row.ts'
import { audit } from '../support/audit.ts'
import { CountingLoad } from '../support/load.ts'

const LIBRARY = '/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1'

/** The clocks of single nodes are a day wrong, or jump back an hour while they run. */
export const row: Row = {
  number: 23,
  name: 'clock +/- 1 day, jump back 1 h',
  lane: 'devnet',
  times: { core: 0, full: 6, campaign: 30 },
  uses: ['workers', 'principal'],
  async run({ network, random, times }) {
    must(existsSync(LIBRARY), 'libfaketime is not installed (Debian package faketime)')
    const net = await network()
    const { devnet } = net
    const loads = [await CountingLoad.prepare(net, { pauseMs: 0 }), await CountingLoad.prepare(net, { pauseMs: 0 })]
    for (const load of loads) load.start()
    const names = ['principal', ...devnet.workers.map(worker => worker.name)]
    for (let i = 0; i < times; i++) {
      const name = random.pick(names)
      // The last of the three runs on and falls back by an hour after five seconds: an hour's lead that ends.
      const time = ['+1d', '-1d', '+0 x0.9'][i % 3]!
      await devnet.restart(name, { env: { LD_PRELOAD: LIBRARY, FAKETIME: time, FAKETIME_DONT_FAKE_MONOTONIC: '1' } })
      await net.blocks(12)
      await devnet.restart(name)
    }
    return `stuck tasks 0; ${await audit(net, loads)}`
  }
}
