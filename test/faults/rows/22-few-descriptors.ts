import { execFileSync } from 'node:child_process'
import { must, type Row } from '../row.ts'
import { audit } from '../support/audit.ts'
import { CountingLoad } from '../support/load.ts'

/** A worker may open hardly any file or socket more than it has. */
export const row: Row = {
  number: 22,
  name: 'file descriptor limit',
  lane: 'devnet',
  times: { core: 0, full: 5, campaign: 20 },
  uses: ['workers'],
  async run({ network, random, times }) {
    const net = await network()
    const loads = [await CountingLoad.prepare(net), await CountingLoad.prepare(net)]
    for (const load of loads) load.start()
    for (let i = 0; i < times; i++) {
      const worker = random.pick(net.devnet.workers)
      const { pid } = worker
      const limit = (value: string): void => void execFileSync('prlimit', ['--pid', String(pid), `--nofile=${value}`])
      const [, before = ''] = execFileSync('prlimit', ['--pid', String(pid), '--nofile', '--raw', '--noheadings', '-o', 'SOFT,HARD'], { encoding: 'utf8' }).match(/(\d+)\s+\d+/) ?? [] // prettier-ignore
      limit('64:')
      const sockets = Array.from(
        { length: 80 },
        () =>
        fetch(`${worker.httpUrl}/healthcheck`, { signal: AbortSignal.timeout(3_000) }).then(r => r.text(), () => '') // prettier-ignore
      )
      await Promise.all(sockets)
      await net.blocks(10)
      must(worker.pid === pid, `${worker.name} ended at its limit`)
      limit(`${before}:`)
      await net.eventually(`${worker.name} to answer`, async () => ((await worker.status()).ready ? true : undefined))
    }
    return `crashes 0 of ${times}; ${await audit(net, loads)}`
  }
}
