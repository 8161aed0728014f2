import { setTimeout as sleep } from 'node:timers/promises'
import { processTree, type DevnetWorker } from '@enigma/devnet'
import { must, quantile, seconds, type Row } from '../row.ts'
import { audit } from '../support/audit.ts'
import { killed } from '../support/killing.ts'
import { CountingLoad } from '../support/load.ts'
import { processorMs } from '../support/resources.ts'

/** The enclave's process alone dies while tasks run; its worker must not. */
export const row: Row = {
  number: 5,
  name: 'kill -9 the enclave process only',
  lane: 'devnet',
  times: { core: 2, full: 20, campaign: 200 },
  minutes: 3,
  async run({ network, random, times }) {
    const net = await network()
    const load = (await CountingLoad.prepare(net, { pauseMs: 0 })).start()
    let exits = 0
    const respawns: number[] = []
    const worked: number[] = []
    const kill = async (worker: DevnetWorker): Promise<void> => {
      const { pid } = worker
      const { enclavePid } = await worker.status()
      const enclaves = processTree(worker.pid!).filter(({ command }) => command.includes('enclave.mjs'))
      must(enclaves.length > 0, `${worker.name} has no enclave process`)
      const started = performance.now()
      for (const enclave of enclaves) killed(enclave.pid)
      await net.eventually(`another enclave of ${worker.name}`, async () => {
        const { enclavePid: now, ready } = await worker.status()
        return ready && now !== undefined && now !== null && now !== enclavePid ? true : undefined
      })
      respawns.push(performance.now() - started)
      const fresh = processTree(worker.pid!).find(({ command }) => command.includes('enclave.mjs'))
      if (fresh !== undefined) worked.push(processorMs(fresh.pid))
      if (worker.pid !== pid) exits += 1
    }
    for (let i = 0; i < times; i++) {
      await sleep(random.below(800))
      await net.withWorker(random, kill)
    }
    must(exits === 0, `${exits} workers ended with their enclave`)
    const [p95, work] = [quantile(respawns, 0.95), quantile(worked, 0.95)]
    const figure = await audit(net, [load])
    must(work < 3_000, `a new enclave takes ${seconds(work)} of a processor (p95)`)
    return `worker exits 0; new enclave with ${seconds(work)} of a processor, in ${seconds(p95)}, p95; ${figure}`
  }
}
