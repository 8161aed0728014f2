import { readFileSync } from 'node:fs'
import { nodeRuntime, nodeStatus, waitFor, type NodeStatus } from '@enigma/devnet'
import { countedEndpoint, type Traffic } from './counted-endpoint.ts'
import { peakMemory } from './memory.ts'
import { stepOf, withStore, type Network, type RunningWorker } from './network.ts'
import { peerBytes } from './peer-bytes.ts'

/** What one newcomer lived through. */
export interface Arrival {
  /** From the start of its process to its step `sync` done. */
  readonly seconds: number
  /** When the chain was read, the enclave up, the worker registered: seconds from the same start. */
  readonly chainReadSeconds: number
  readonly enclaveSeconds: number
  readonly registeredSeconds: number
  readonly cpuSeconds: number
  /** Highest resident sets ever: of the worker's process, of its enclave's processes, and their sum. */
  readonly workerMb: number
  readonly enclaveMb: number
  readonly peakMemoryMb: number
  /** Of the worker's process alone, when the chain was read. */
  readonly chainReadMb: number
  readonly chainMegabytes: number
  readonly chainRequests: number
  readonly chainCalls: Readonly<Record<string, number>>
  /** Over the connections to peers that were open in the end, both ways; null on a machine without `ss`. */
  readonly peerMegabytes: number | null
}

const LOOK_MS = 50
const LIMIT_MS = 10 * 60_000
const GRACE_MS = 10_000

/** Starts a worker with an empty data folder, and waits until it says that it has everything; then looks whether that is so. */
export async function arrive(network: Network): Promise<Arrival> {
  const endpoint = await countedEndpoint(network.chainUrl)
  const started = performance.now()
  const worker = network.startWorker(endpoint.url)
  try {
    const times = await follow(worker, started)
    const memory = peakMemory(worker.pid)
    const cpuSeconds = cpuSecondsOf(worker.pid)
    const ports = [endpoint.url, worker.httpUrl].map(url => Number(new URL(url).port))
    const peers = peerBytes(worker.pid, ports)
    const traffic = endpoint.traffic()
    await worker.process.stop(GRACE_MS)
    await requireAll(network, worker.dataDir)
    return {
      ...times,
      cpuSeconds,
      workerMb: memory.worker,
      enclaveMb: memory.enclave,
      peakMemoryMb: memory.worker + memory.enclave,
      ...chainTraffic(traffic),
      peerMegabytes: peers === null ? null : peers / 1e6
    }
  } finally {
    await worker.process.stop(GRACE_MS)
    await endpoint.stop()
  }
}

type Times = Pick<Arrival, 'seconds' | 'chainReadSeconds' | 'chainReadMb' | 'enclaveSeconds' | 'registeredSeconds'>

async function follow(worker: RunningWorker, started: number): Promise<Times> {
  const signal = AbortSignal.timeout(LIMIT_MS)
  worker.httpUrl = (await nodeRuntime(worker.process, worker.dataDir, signal)).httpUrl
  const marks = { chainReadSeconds: NaN, chainReadMb: NaN, enclaveSeconds: NaN, registeredSeconds: NaN }
  const now = (): number => (performance.now() - started) / 1000
  const mark = (name: keyof typeof marks, reached: boolean, value = now): void => {
    if (reached && Number.isNaN(marks[name])) marks[name] = value()
  }
  let last: NodeStatus | undefined
  await waitFor(
    async () => {
      worker.process.assertRunning()
      last = await nodeStatus(worker.httpUrl)
      const start = stepOf(last, 'start')
      const chainIsRead = start.code !== 'WAITS_FOR_CHAIN' && start.detail !== '' && !start.detail.includes('folder')
      mark('chainReadSeconds', chainIsRead)
      mark('chainReadMb', chainIsRead, () => peakMemory(worker.pid).worker)
      mark('enclaveSeconds', start.state === 'done')
      mark('registeredSeconds', stepOf(last, 'register').state === 'done')
      return stepOf(last, 'sync').state === 'done'
    },
    {
      what: 'the newcomer to hold everything',
      limitMs: LIMIT_MS,
      intervalMs: LOOK_MS,
      signal,
      explain: () =>
        [...(last?.steps ?? []).map(step => JSON.stringify(step)), ...worker.process.log.lines(20)].join('\n')
    }
  )
  return { ...marks, seconds: now() }
}

function chainTraffic({ calls, bytes }: Traffic): Pick<Arrival, 'chainMegabytes' | 'chainRequests' | 'chainCalls'> {
  const chainRequests = Object.values(calls).reduce((sum, count) => sum + count, 0)
  return { chainMegabytes: bytes / 1e6, chainRequests, chainCalls: calls }
}

/** Of the worker's process alone, all its threads. */
function cpuSecondsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}

/** Reads the disk that the newcomer left: every content, checked by its hash. @throws if one is not there */
async function requireAll({ plan }: Network, dataDir: string): Promise<void> {
  await withStore(dataDir, async store => {
    for (const { place, hash } of plan.contents()) {
      const found = place ? await store.getDelta(place.scAddr, place.index, hash) : await store.getBytecode(hash)
      if (found === null) throw new Error(`The newcomer said that it held everything, but it lacks ${hash}.`)
    }
  })
}
