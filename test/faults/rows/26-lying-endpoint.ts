import { setTimeout as sleep } from 'node:timers/promises'
import { honest, otherChain, wrongBlocks } from '@enigma/faults'
import type { DevnetWorker } from '@enigma/devnet'
import { must, type Row } from '../row.ts'
import { audit } from '../support/audit.ts'
import type { FaultNet } from '../support/fault-net.ts'
import { alarmsOf, statusOf } from '../support/inputs.ts'
import { CountingLoad } from '../support/load.ts'

/**
 * The first of a worker's two Ethereum endpoints tells it of other blocks than the second: of a whole chain that fits together, or of
 * blocks that do not. The worker says so in its status, and none of its heads is ever a block that is not the chain's.
 */
export const row: Row = {
  number: 26,
  name: 'two RPCs disagree',
  lane: 'devnet',
  times: { core: 0, full: 20, campaign: 50 },
  minutes: 4,
  async run({ network, random, times, say }) {
    const net = await network()
    const loads = [await CountingLoad.prepare(net)]
    for (const load of loads) load.start()
    let [lies, alarmed, heads, acted] = [0, 0, 0, 0]
    for (let i = 0; i < times; i++) {
      await net.withWorker(random, async worker => {
        const front = net.front(worker.name)
        const [told, alarms] = [front.faults['lie'] ?? 0, await alarmsOf(worker, 'CHAIN_DISAGREEMENT')]
        const watch = watchHeads(net, worker)
        try {
          const from = (await net.devnet.blockNumber()) + 1
          front.behave(i % 2 === 0 ? otherChain(random.fork(`chain ${i}`), from) : wrongBlocks(random, 0.5))
          await net.blocks(8)
          await net.eventually(`the alarm of ${worker.name}`, async () =>
            (await alarmsOf(worker, 'CHAIN_DISAGREEMENT')) > alarms ? true : undefined
          )
          alarmed += 1
        } finally {
          front.behave(honest)
          const seen = await watch.stop()
          heads += seen.heads
          acted += seen.wrong
        }
        lies += (front.faults['lie'] ?? 0) - told
        const head = await net.devnet.blockNumber()
        await net.eventually(`${worker.name} at the head again`, async () =>
          (await statusOf(worker)).head.number >= head ? true : undefined
        )
      })
    }
    say(`${heads} heads looked at`)
    const figure = await audit(net, loads)
    must(lies > 0, 'no lie was told')
    must(acted === 0, `${acted} of ${heads} heads of workers were no blocks of the chain`)
    must(heads >= times, `only ${heads} heads were looked at`)
    return `acted on ${acted} of ${lies} lies (${heads} heads compared with the chain), CHAIN_DISAGREEMENT in the status ${alarmed} of ${times} times; ${figure}`
  }
}

/** Compares a worker's heads with the chain, over and over. */
function watchHeads(net: FaultNet, worker: DevnetWorker): { stop(): Promise<{ heads: number; wrong: number }> } {
  let stopped = false
  const seen = new Map<number, string>()
  const watching = (async () => {
    while (!stopped) {
      const { head } = await statusOf(worker).catch(() => ({ head: null }))
      if (head !== null) seen.set(head.number, head.hash)
      await sleep(100)
    }
  })()
  return {
    async stop() {
      stopped = true
      await watching
      let wrong = 0
      for (const [number, hash] of seen) {
        const block = await net.ledger.provider.getBlock(number)
        if (block?.hash !== hash) wrong += 1
      }
      return { heads: seen.size, wrong }
    }
  }
}
