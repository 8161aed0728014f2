import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { roles } from './accounts.ts'
import { BlockPump } from './block-pump.ts'
import { chainIdFor } from './chain-process.ts'
import type { AddWorkerOptions, Devnet } from './devnet.ts'
import type { DevnetWorker } from './devnet-node.ts'
import { assertBuilt } from './enclave-file.ts'
import { DevnetError } from './errors.ts'
import type { NodeHandle, WorkerHandle } from './node-handle.ts'
import { defaults, type DevnetOptions, type Mining } from './options.ts'
import { assertPortsFree } from './ports.ts'
import { ProcessTable } from './process-table.ts'
import {
  allReady,
  createPrincipal,
  createWorker,
  joinNetwork,
  prepareContracts,
  startChain,
  startDapp,
  startPrincipal,
  startStandby,
  type Settings
} from './set-up.ts'
import { setupProvider } from './transactions.ts'

/**
 * Starts a chain, a principal and workers as child processes, deploys the contracts, stakes, and waits until epoch 1 has begun and
 * every node is ready. If that fails, everything is stopped again before the error comes out.
 *
 * @throws {DevnetError} DEVNET_PORT_TAKEN, DEVNET_NOT_BUILT, DEVNET_PROCESS_ENDED, DEVNET_TIMEOUT, DEVNET_CHAIN
 */
export async function startDevnet(options: DevnetOptions = {}): Promise<Devnet> {
  const { ports = defaults.ports, workers = defaults.workers } = options
  assertBuilt()
  await assertPortsFree(ports, workers)
  const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), 'enigma-devnet-'))
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  const logDir = options.logDir ?? join(dataDir, 'logs')
  const onProgress = options.onProgress ?? (() => undefined)
  const settings: Settings = { ...defaults, ...given(options), dataDir, logDir, onProgress }

  const table = new ProcessTable({ ...options, logDir })
  let stopping: Promise<void> | undefined
  const stop = (): Promise<void> =>
    (stopping ??= table.stopAll(settings.stopGraceMs).then(() => {
      if (options.dataDir === undefined) rmSync(dataDir, { recursive: true, force: true })
    }))
  try {
    return await start(settings, table, stop, limitOf(settings, options.signal))
  } catch (error) {
    await table.stopAll(settings.stopGraceMs) // its folder stays: the logs in it say what went wrong
    throw options.signal?.aborted === true ? stopped() : error
  }
}

/** Options that are set; one that is there but undefined must not hide its default. */
function given(options: DevnetOptions): DevnetOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
}

function limitOf({ readyTimeoutMs }: Settings, signal: AbortSignal | undefined): AbortSignal {
  const limit = AbortSignal.timeout(readyTimeoutMs)
  return signal === undefined ? limit : AbortSignal.any([limit, signal])
}

function stopped(): DevnetError {
  return new DevnetError({ code: 'DEVNET_STOPPED' }, 'The network was stopped before it was ready.')
}

async function start(
  settings: Settings,
  table: ProcessTable,
  stop: () => Promise<void>,
  signal: AbortSignal
): Promise<Devnet> {
  const { dataDir, logDir, onProgress } = settings
  onProgress('starting the chain ...')
  const chain = await startChain(settings, table, signal)
  await settings.seams?.chain?.(chain.url)
  const provider = setupProvider(chain.url, chainIdFor(settings.confirmations))
  const pump = new BlockPump(chain.miner)
  try {
    onProgress('deploying the contracts ...')
    const contracts = await prepareContracts(settings, chain, provider)
    const surroundings = { ...settings, table, chainUrl: chain.url, enigma: contracts.enigma }
    const principal = createPrincipal(settings, surroundings)
    const createWorkers = (): WorkerHandle[] =>
      Array.from({ length: settings.workers }, (_, i) => createWorker(settings, surroundings, i + 1, bootstrap()))
    const bootstrap = (): string[] => principals.flatMap(node => node.multiaddrs)
    const principals: NodeHandle[] = [principal]
    let workers: WorkerHandle[] = []
    if (settings.workersFirst) {
      await principal.start(signal) // so that it has an address
      await principal.process.stop(settings.stopGraceMs)
      workers = createWorkers()
      await Promise.all(workers.map(worker => worker.start(signal, { early: true })))
      await settings.workersFirst(workers)
    }
    onProgress('starting the principal ...')
    await startPrincipal(principal, provider, contracts, signal)
    onProgress(settings.workers === 1 ? 'starting the worker ...' : `starting ${settings.workers} workers ...`)
    const standby = settings.standby ? await startStandby(settings, surroundings, principal, signal) : undefined
    if (standby !== undefined) principals.push(standby)
    if (workers.length === 0) workers = createWorkers()
    await Promise.all(
      workers.map(async worker => {
        if (settings.workersFirst) await worker.listening(signal)
        else await worker.start(signal)
        await joinNetwork(worker, provider, contracts, signal)
        onProgress(`${worker.name} has registered and staked`)
      })
    )
    const page = startDapp(settings, table, chain, contracts, workers)
    onProgress('waiting for the first epoch ...')
    await allReady(settings, [...principals, ...workers], provider, contracts, signal)
    await pump.stop()
    const dappUrl = await page?.(signal)

    const setMining = (mining: Mining): Promise<void> =>
      mining.mode === 'manual' ? chain.miner.manual() : chain.miner.every(mining.ms)
    await setMining(settings.mining)
    const nodes: NodeHandle[] = [...principals, ...workers]
    const addWorker = async ({ waitReady = true }: AddWorkerOptions = {}): Promise<DevnetWorker> => {
      const worker = createWorker(settings, surroundings, workers.length + 1, bootstrap())
      workers.push(worker)
      nodes.push(worker)
      const later = setupProvider(chain.url, chainIdFor(settings.confirmations))
      const limit = AbortSignal.timeout(settings.readyTimeoutMs)
      try {
        await worker.start(limit)
        await joinNetwork(worker, later, contracts, limit)
        if (waitReady) await worker.ready({ limitMs: settings.readyTimeoutMs, signal: limit, peers: 1 })
        return worker
      } finally {
        later.destroy()
      }
    }
    return {
      chainUrl: chain.url,
      chainId: chainIdFor(settings.confirmations),
      ...contracts,
      workers,
      principal,
      standby,
      dappUrl,
      accounts: { admin: roles.admin(), users: roles.users() },
      dataDir,
      logDir,
      addWorker,
      mine: blocks => chain.miner.mine(blocks),
      blockNumber: () => chain.rpc.blockNumber(),
      setMining,
      kill: (name, killSignal = 'SIGKILL') => table.kill(name, killSignal),
      restart: (name, options) =>
        nodeNamed(nodes, name).restart(settings.readyTimeoutMs, settings.stopGraceMs, options),
      logs: name => table.get(name).log.lines(),
      processes: () => table.running(),
      exitOf: name => table.get(name).exit,
      stop
    }
  } finally {
    await pump.stop()
    provider.destroy()
  }
}

function nodeNamed(nodes: readonly NodeHandle[], name: string): NodeHandle {
  const node = nodes.find(candidate => candidate.name === name)
  if (node !== undefined) return node
  throw new DevnetError(
    { code: 'DEVNET_NO_SUCH_PROCESS', process: name },
    `'${name}' is no node that can be started again.`,
    {
      hint: `There are ${nodes.map(candidate => candidate.name).join(', ')}.`
    }
  )
}
