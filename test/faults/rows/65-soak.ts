import { setTimeout as sleep } from 'node:timers/promises'
import { droppingLogs, flapping, honest, wrongBlocks, type FrontPlan, type Random } from '@enigma/faults'
import { processTree, type DevnetWorker } from '@enigma/devnet'
import { must, type Row } from '../row.ts'
import { audit } from '../support/audit.ts'
import type { FaultNet } from '../support/fault-net.ts'
import { liveBytesOf } from '../support/heap.ts'
import { killAndRestart, killed, suspend } from '../support/killing.ts'
import { CountingLoad } from '../support/load.ts'
import { MIB } from '../support/resources.ts'
import { slopeAnHour, type Sample } from '../support/slope.ts'

const LASTS_MS = { core: 0, full: 180_000, campaign: 8 * 3_600_000 }
const SAMPLE_MS = { core: 0, full: 8_000, campaign: 60_000 }
/** What a node sets aside in its first faults is no leak. */
const WARM_UP = { core: 0, full: 4, campaign: 30 }
/** The index keeps every task that the chain has (worker/src/chain/projection.ts). */
const TASK_BYTES = 1_024
/**
 * An hour, beyond that. Three minutes cannot show so little: there the growth of the whole run is bounded: 4 MiB of caches were seen to
 * fill, and 23 MiB with 100 KiB kept of every task.
 */
const MOST_SLOPE = MIB
const MOST_GROWTH = 12 * MIB

/** Faults that leave a worker's process alive. */
function mild(net: FaultNet, { name }: DevnetWorker, random: Random): Record<string, () => Promise<unknown>> {
  const front = async (plan: FrontPlan): Promise<void> => {
    net.front(name).behave(plan)
    await sleep(5_000)
    net.front(name).behave(honest)
  }
  return {
    suspend: () => suspend(net, name, 3_000),
    'kill the enclave': async () => {
      const { pid } = net.node(name)
      for (const { pid: enclave, command } of processTree(pid!)) if (command.includes('enclave.mjs')) killed(enclave)
      await net.eventually(`${name} with another enclave`, async () =>
        (await net.node(name).status()).ready ? true : undefined
      )
    },
    'flapping endpoint': () => front(flapping(random, 0.3)),
    'dead endpoint': () => front(() => ({ kind: 'reset' })),
    'lying endpoint': () => front(wrongBlocks(random, 0.5)),
    'missed logs': () => front(droppingLogs(random, 0.2))
  }
}

/** Faults of the rows before, mixed, for as long as the scale says: 3 minutes, or 8 hours. One worker is never started anew: its memory is measured. */
export const row: Row = {
  number: 65,
  name: 'soak with mixed faults',
  lane: 'devnet',
  times: { core: 0, full: 1, campaign: 1 },
  uses: ['everything'],
  minutes: 4,
  async run({ network, random, scale, say }) {
    const net = await network()
    const { devnet } = net
    const pauseMs = scale === 'campaign' ? 5_000 : 200
    const loads = await Promise.all(Array.from({ length: 3 }, () => CountingLoad.prepare(net, { pauseMs })))
    for (const load of loads) load.start()
    const recorded = (): number => loads.reduce((sum, load) => sum + load.recorded, 0)
    const witness = net.worker(1)
    const { pid } = witness
    const until = performance.now() + LASTS_MS[scale]
    const done: Record<string, number> = {}
    const samples: (Sample & { readonly tasks: number })[] = []
    const measured = (async () => {
      while (performance.now() < until) {
        const value = await liveBytesOf(net, witness.name)
        samples.push({ at: performance.now(), value, tasks: recorded() })
        await sleep(SAMPLE_MS[scale])
      }
    })()
    measured.catch(() => undefined) // awaited below
    while (performance.now() < until) {
      const worker = random.pick(devnet.workers)
      const hard: Record<string, () => Promise<unknown>> = {
        kill: () => killAndRestart(net, worker),
        stop: () => devnet.kill(worker.name, 'SIGTERM').then(() => devnet.restart(worker.name)),
        'kill the principal': () => devnet.kill('principal', 'SIGKILL').then(() => devnet.restart('principal')),
        'suspend the chain': () => suspend(net, 'chain', 3_000)
      }
      const faults = { ...mild(net, worker, random), ...(worker === witness ? {} : hard) }
      // Whichever was done least, so that three minutes have most of them.
      const least = Math.min(...Object.keys(faults).map(name => done[name] ?? 0))
      const name = random.pick(Object.keys(faults).filter(one => (done[one] ?? 0) === least))
      say(`${name} (${worker.name})`)
      await faults[name as keyof typeof faults]!()
      done[name] = (done[name] ?? 0) + 1
      await sleep(random.below(2_000))
    }
    await measured
    must(witness.pid === pid, `${witness.name} was started anew: its memory says nothing`)
    const figure = await audit(net, loads)
    const largest = Math.max(...devnet.workers.map(worker => processTree(worker.pid!)[0]!.residentBytes)) / MIB
    must(largest < 512, `a worker has ${largest.toFixed(0)} MiB`)
    must(Object.keys(done).length >= 8, `only ${Object.keys(done).length} kinds of fault were done`)
    return `${figure}; drift 0; largest worker ${largest.toFixed(0)} MiB; ${memory(samples.slice(WARM_UP[scale]), scale === 'campaign')}; ${JSON.stringify(done)}`
  }
}

/** What the samples say of live memory, without what the index keeps of each task. @throws if it grows */
function memory(samples: readonly (Sample & { readonly tasks: number })[], isLong: boolean): string {
  const own = samples.map(({ at, value, tasks }) => ({ at, value: value - tasks * TASK_BYTES }))
  const { slope, error } = slopeAnHour(own)
  const third = Math.floor(own.length / 3)
  const least = (part: readonly Sample[]): number => Math.min(...part.map(({ value }) => value))
  const growth = least(own.slice(-third)) - least(own.slice(0, third))
  const rate = `${(slope / MIB).toFixed(1)} +/- ${(error / MIB).toFixed(1)} MiB an hour`
  must(growth < MOST_GROWTH, `live memory grew by ${(growth / MIB).toFixed(0)} MiB (${rate})`)
  must(!isLong || slope < MOST_SLOPE, `live memory grows by ${rate}`)
  return `live memory after collection ${growth < 0 ? '' : '+'}${(growth / MIB).toFixed(1)} MiB from the first third to the last of ${own.length} samples, slope ${rate}`
}
