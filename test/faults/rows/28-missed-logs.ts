import { droppingLogs, honest } from '@enigma/faults'
import { callWorker } from 'enigma-js'
import { must, type Row } from '../row.ts'
import { audit } from '../support/audit.ts'
import { CountingLoad } from '../support/load.ts'

/** The endpoints of all workers leave out one event in five. What was missed must be found again by looking at the blocks. */
export const row: Row = {
  number: 28,
  name: 'missed logs',
  lane: 'devnet',
  times: { core: 1, full: 20, campaign: 50 },
  uses: ['everything'],
  async run({ network, random, times }) {
    const net = await network()
    const { devnet } = net
    const loads = [await CountingLoad.prepare(net, { pauseMs: 0 }), await CountingLoad.prepare(net, { pauseMs: 0 })]
    let dropped = 0
    for (let i = 0; i < times; i++) {
      for (const { name } of devnet.workers) {
        net.front(name).behave(droppingLogs(random.fork(name), 0.2, () => dropped++))
        net.secondFront(name).behave(() => ({ kind: 'reset' })) // nobody who could contradict
      }
      for (const load of loads) load.start()
      await net.blocks(10)
      for (const { name } of devnet.workers)
        for (const front of [net.front(name), net.secondFront(name)]) front.behave(honest)
      for (const load of loads) await load.stop()
    }
    // Only a worker that knows of a receipt answers for its task.
    let asked = 0
    for (const load of loads) {
      for (const taskId of await load.verified()) {
        for (const worker of devnet.workers) {
          asked += 1
          await net.eventually(`${worker.name} to know of task ${taskId}`, async () => {
            const found = await callWorker(worker.httpUrl, 'getTaskResult', { taskId })
            return found === null ? undefined : true
          }) // prettier-ignore
        }
      }
    }
    const figure = await audit(net, loads)
    must(dropped > 0, 'no event was dropped')
    return `missed after the scan 0 of ${asked}, ${dropped} events dropped; ${figure}`
  }
}
