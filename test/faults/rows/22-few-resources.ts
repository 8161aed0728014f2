import { execFileSync } from 'node:child_process'
import { processTree, type DevnetWorker } from '@enigma/devnet'
import { must, type Row } from '../row.ts'
import { audit } from '../support/audit.ts'
import { CountingLoad } from '../support/load.ts'
import { MIB } from '../support/resources.ts'

/** Of JavaScript; with what the runtime itself needs a worker then has 256 MiB. */
const SMALL_HEAP = '--max-old-space-size=96 --max-semi-space-size=4'

/** Resident; and it is sent so much in calls, so that keeping them would show. */
const MOST_BYTES = 256 * MIB
const MOST_FLOODS = 200

/** A worker may open hardly any file or socket more than it has; or has hardly any memory. Either way it gets more calls than it can take. */
export const row: Row = {
  number: 22,
  name: 'file descriptor limit 64, memory limit 256 MiB',
  lane: 'devnet',
  times: { core: 0, full: 20, campaign: 40 },
  minutes: 5,
  async run({ network, random, times }) {
    const net = await network()
    const loads = [await CountingLoad.prepare(net)]
    for (const load of loads) load.start()
    let largest = 0
    /** Calls and sockets in great number; an answer or a refusal is equally good. @returns how many bytes it took in and answered */
    const flood = async ({ httpUrl }: DevnetWorker): Promise<number> => {
      const call = { jsonrpc: '2.0', id: 1, method: 'getInfo', params: { pad: 'x'.repeat(100_000) } }
      const body = JSON.stringify(Array(8).fill(call))
      const ask = (path: string, init: RequestInit): Promise<boolean> =>
        fetch(`${httpUrl}${path}`, { ...init, signal: AbortSignal.timeout(3_000) }).then(r => r.text()).then(() => true, () => false) // prettier-ignore
      const headers = { 'content-type': 'application/json' }
      const sockets = Array.from({ length: 80 }, async (_, i) =>
        i % 4 === 0 ? (await ask('/', { method: 'POST', headers, body })) && body.length : ask('/healthcheck', {})
      )
      const taken = await Promise.all(sockets)
      return taken.reduce<number>((sum, bytes) => sum + Number(bytes === true ? 0 : bytes), 0)
    }
    const withFewDescriptors = async (worker: DevnetWorker): Promise<void> => {
      const { pid } = worker
      const limit = (value: string): void => void execFileSync('prlimit', ['--pid', String(pid), `--nofile=${value}`])
      const [, before = ''] = execFileSync('prlimit', ['--pid', String(pid), '--nofile', '--raw', '--noheadings', '-o', 'SOFT,HARD'], { encoding: 'utf8' }).match(/(\d+)\s+\d+/) ?? [] // prettier-ignore
      limit('64:')
      await flood(worker)
      await net.blocks(6)
      must(worker.pid === pid, `${worker.name} ended at its limit of descriptors`)
      limit(`${before}:`)
    }
    const withLittleMemory = async (worker: DevnetWorker): Promise<void> => {
      await net.devnet.restart(worker.name, { env: { NODE_OPTIONS: SMALL_HEAP } })
      const { pid } = worker
      const look = setInterval(() => {
        largest = Math.max(largest, processTree(pid!)[0]?.residentBytes ?? 0)
      }, 100)
      try {
        let taken = 0
        for (let i = 0; taken < MOST_BYTES && i < MOST_FLOODS; i++) taken += await flood(worker)
        must(taken >= MOST_BYTES, `${worker.name} answered only ${(taken / MIB).toFixed(0)} MiB of calls`)
        await net.blocks(6)
      } finally {
        clearInterval(look)
      }
      must(worker.pid === pid, `${worker.name} ended at its limit of memory`)
      await net.devnet.restart(worker.name)
    }
    for (let i = 0; i < times; i++) {
      await net.withWorker(random, async worker => {
        await (i % 2 === 0 ? withFewDescriptors(worker) : withLittleMemory(worker))
        await net.eventually(`${worker.name} to answer`, async () => ((await worker.status()).ready ? true : undefined))
      })
    }
    const figure = await audit(net, loads)
    must(largest < MOST_BYTES, `a worker had ${(largest / MIB).toFixed(0)} MiB`)
    return `crashes 0 of ${times}; largest worker with little memory ${(largest / MIB).toFixed(0)} MiB; ${figure}`
  }
}
