import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { DevnetNode } from '@enigma/devnet'
import { must, type Row } from '../row.ts'
import { audit } from '../support/audit.ts'
import type { FaultNet } from '../support/fault-net.ts'
import { statusOf } from '../support/inputs.ts'
import { CountingLoad } from '../support/load.ts'
import { requireOwnCount } from '../support/own-answers.ts'

const LIBRARY = '/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1'
const MINUTE_MS = 60_000

/**
 * The clocks of single nodes are a day wrong, or fall back an hour while they run and while one of their Ethereum endpoints hangs: what
 * ends those calls must count monotonically.
 */
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
    const load = (await CountingLoad.prepare(net, { pauseMs: 0 })).start()
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
          net.front(node.name).behave(() => ({ kind: 'hang' }))
          await net.blocks(1) // what is asked because of it hangs for seconds
          clock('-1h')
          await net.eventually(`the clock of ${node.name} to fall back`, async () =>
            (await clockOf(node)) < Date.now() - 50 * MINUTE_MS ? true : undefined
          )
          jumps += 1
        }
        await net.blocks(5)
        await worksOn(net, node, load)
      })
    }
    // Until here their clocks stayed wrong, each in another way.
    await anotherTask(net, load, 'all clocks wrong')
    for (const name of net.names) await net.withNode(random, [name], () => devnet.restart(name))
    must(times < 3 || jumps > 0, 'no clock ever jumped')
    return `stuck tasks 0 with ${times} wrong clocks, ${jumps} of them fell back an hour under way; ${await audit(net, [load])}`
  }
}

/** As its answers have it, in ms. */
async function clockOf({ httpUrl }: DevnetNode): Promise<number> {
  const { headers } = await fetch(`${httpUrl}/healthcheck`, { signal: AbortSignal.timeout(5_000) })
  return new Date(headers.get('date') ?? NaN).getTime()
}

/** With its wrong clock it is ready and at the head; a worker's enclave answers for it, the principal's lets tasks be verified. */
async function worksOn(net: FaultNet, node: DevnetNode, load: CountingLoad): Promise<void> {
  const { ready } = await node.status()
  must(ready, `${node.name} is not ready with its wrong clock`)
  const head = await net.devnet.blockNumber()
  await net.eventually(`${node.name} at the head with its wrong clock`, async () =>
    (await statusOf(node)).head.number >= head ? true : undefined
  )
  const worker = net.devnet.workers.find(({ name }) => name === node.name)
  if (worker !== undefined) await requireOwnCount(net, worker, load.scAddr)
  else await anotherTask(net, load, `the clock of ${node.name} wrong`)
}

async function anotherTask({ eventually, ledger }: FaultNet, { scAddr }: CountingLoad, when: string): Promise<void> {
  const before = (await ledger.receipts(scAddr)).length
  await eventually(`another verified task with ${when}`, async () =>
    (await ledger.receipts(scAddr)).length > before ? true : undefined
  )
}
