import { setTimeout as sleep } from 'node:timers/promises'
import { processTree } from '@enigma/devnet'
import { must, quantile, seconds, type Row } from '../row.ts'
import { audit } from '../support/audit.ts'
import { CountingLoad } from '../support/load.ts'

function killed(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // it ended with the one before it: they are parent and child
  }
}

/** The enclave's process alone dies while tasks run; its worker must not. */
export const row: Row = {
  number: 5,
  name: 'kill -9 the enclave process only',
  lane: 'devnet',
  times: { core: 2, full: 20, campaign: 200 },
  uses: ['workers'],
  async run({ network, random, times }) {
    const net = await network()
    const load = (await CountingLoad.prepare(net, { pauseMs: 0 })).start()
    const pids = new Map(net.devnet.workers.map(worker => [worker.name, worker.pid]))
    const respawns: number[] = []
    for (let kill = 0; kill < times; kill++) {
      await sleep(random.below(800))
      const worker = random.pick(net.devnet.workers)
      const { enclavePid } = await worker.status()
      const enclaves = processTree(worker.pid!).filter(({ command }) => command.includes('enclave.mjs'))
      must(enclaves.length > 0, `${worker.name} has no enclave process`)
      const started = performance.now()
      for (const { pid } of enclaves) killed(pid)
      await net.eventually(`another enclave of ${worker.name}`, async () => {
        const now = (await worker.status()).enclavePid
        return now !== undefined && now !== null && now !== enclavePid ? true : undefined
      })
      respawns.push(performance.now() - started)
    }
    const exits = net.devnet.workers.filter(worker => worker.pid !== pids.get(worker.name)).length
    must(exits === 0, `${exits} workers ended with their enclave`)
    const slowest = quantile(respawns, 0.95)
    const figure = await audit(net, [load])
    must(slowest < 3_000, `p95 of a new enclave is ${seconds(slowest)}`)
    return `worker exits 0; new enclave in ${seconds(slowest)} p95; ${figure}`
  }
}
