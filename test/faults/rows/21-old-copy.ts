import { cpSync, renameSync, rmSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { DevnetWorker } from '@enigma/devnet'
import { callWorker } from 'enigma-js'
import { seatsOf } from '../../e2e/support/seats.ts'
import { must, type Row } from '../row.ts'
import { audit } from '../support/audit.ts'
import type { FaultNet } from '../support/fault-net.ts'
import { CountingLoad } from '../support/load.ts'
import { requireOwnCount, wrongCount } from '../support/own-answers.ts'

/** A worker comes back with the disk of an earlier day; the others went on meanwhile. */
export const row: Row = {
  number: 21,
  name: "restore yesterday's disk copy",
  lane: 'netns',
  times: { core: 0, full: 20, campaign: 100 },
  uses: ['everything'], // what only its disk had is gone with it: nobody else may be down, and so be without a copy
  minutes: 4,
  async run({ network, random, times }) {
    const net = await network()
    const { devnet } = net
    const load = await CountingLoad.prepare(net, { pauseMs: 0 })
    /** One task to its end; refunded, if its seats are down for other rows. */
    const one = async (): Promise<void> => void (await (await load.countUntilTaken()).result().catch(() => undefined))
    /** The restored worker has what happened since its copy: the others answer for it, so that is asked of it alone. */
    const knowsOfAll = async ({ name, httpUrl }: DevnetWorker): Promise<void> => {
      for (const taskId of (await load.verified()).slice(-4)) {
        await net.eventually(`${name} to know of task ${taskId}`, async () => {
          const found = await callWorker(httpUrl, 'getTaskResult', { taskId })
          return found === null ? undefined : true
        })
      }
    }
    let answers = 0
    for (let i = 0; i < times; i++) {
      await net.withWorker(random, async worker => {
        const copy = `${worker.dataDir}.copy`
        await one()
        // As of one instant: what a disk would hold after a power cut.
        await devnet.kill(worker.name, 'SIGSTOP')
        cpSync(worker.dataDir, copy, { recursive: true })
        await devnet.kill(worker.name, 'SIGCONT')
        const between = 1 + random.below(2)
        for (let n = 0; n < between; n++) await one()
        await net.eventually(`a moment when nothing hangs on ${worker.name} alone`, async () =>
          (await hasOnlyCopies(net, worker, load)) ? undefined : true
        )
        await devnet.kill(worker.name, 'SIGKILL')
        rmSync(worker.dataDir, { recursive: true })
        renameSync(copy, worker.dataDir)
        const own = askOnAndOn(net, worker, load)
        await devnet.restart(worker.name).finally(() => own.stop())
        answers += await own.stop()
        await one()
        await requireOwnCount(net, worker, load.scAddr)
        answers += 1
        await knowsOfAll(worker)
      })
    }
    return `outputs on stale state 0 of ${answers} answers of restored workers' own enclaves, after ${times} restored copies; ${await audit(net, [load])}`
  }
}

/** Blocks after which what was run in the epoch before is with other workers, too. */
const SHARED_BLOCKS = 4

/** Whether a task of the load may be at this worker only: it may have drawn all seats of the contract. */
async function hasOnlyCopies(
  { devnet, ledger }: FaultNet,
  worker: DevnetWorker,
  { scAddr }: CountingLoad
): Promise<boolean> {
  if ((await ledger.intoEpoch()) < SHARED_BLOCKS) return true
  const holders = await seatsOf(devnet, scAddr, await ledger.epoch())
  return holders.every(holder => holder === worker)
}

/** Asks a worker's own enclave for the counter from its first breath on: no answer may be wrong, and a refusal is as good as a right one. */
function askOnAndOn(net: FaultNet, worker: DevnetWorker, { scAddr }: CountingLoad): { stop(): Promise<number> } {
  let stopped = false
  async function askAll(): Promise<number> {
    let answers = 0
    while (!stopped) {
      const wrong = await wrongCount(net, worker, scAddr).catch(() => null)
      must(!wrong, wrong ?? '')
      if (wrong !== null) answers += 1
      await sleep(50)
    }
    return answers
  }
  const all = askAll()
  all.catch(() => undefined) // awaited by the row
  return {
    /** Gives how many answers came. */
    stop() {
      stopped = true
      return all
    }
  }
}
