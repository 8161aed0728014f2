import { join } from 'node:path'
import type { JsonRpcProvider } from 'ethers'
import { roles } from './accounts.ts'
import { chainIdFor, chainSpec, chainUrl, Miner } from './chain-process.ts'
import { ChainRpc } from './chain-rpc.ts'
import { readContracts, writeContracts, type ContractFile } from './contract-file.ts'
import {
  allowMeasurement,
  currentEpoch,
  deployContracts,
  depositStake,
  registerPrincipal,
  workerOnChain
} from './contracts.ts'
import { dappSpec, dappUrl, isDappBuilt } from './dapp/dapp-process.ts'
import { writeNetworkFile } from './dapp/network-file.ts'
import { enclaveMeasurement } from './enclave-file.ts'
import { NodeHandle, WorkerHandle, type NodeSurroundings } from './node-handle.ts'
import { nodeInfo } from './node-process.ts'
import type { DevnetOptions, defaults } from './options.ts'
import type { ProcessTable } from './process-table.ts'
import { waitFor } from './wait.ts'

export type Settings = Required<Pick<DevnetOptions, keyof typeof defaults | 'dataDir' | 'logDir' | 'onProgress'>> &
  Pick<DevnetOptions, 'preload' | 'env' | 'seams' | 'workersFirst'>

export interface RunningChain {
  readonly url: string
  readonly rpc: ChainRpc
  readonly miner: Miner
}

/** Starts the chain and lets it mine every transaction at once. */
export async function startChain(settings: Settings, table: ProcessTable, signal: AbortSignal): Promise<RunningChain> {
  const { chain: kind, ports, dataDir, confirmations } = settings
  const chain = table.start(
    chainSpec({
      kind,
      port: ports.chain,
      stateFile: join(dataDir, 'chain', 'state.json'),
      chainId: chainIdFor(confirmations)
    })
  )
  const url = await chainUrl(chain, signal)
  const rpc = new ChainRpc(url)
  const miner = new Miner(rpc, kind)
  await miner.auto()
  return { url, rpc, miner }
}

/** The contracts that a continued chain already has, else new ones. */
export async function prepareContracts(
  settings: Settings,
  { rpc }: RunningChain,
  provider: JsonRpcProvider
): Promise<ContractFile> {
  const { dataDir, epochSize } = settings
  const measurement = await enclaveMeasurement()
  const known = await readContracts(dataDir, rpc)
  if (known !== undefined) {
    await allowMeasurement(provider, known, measurement)
    return known
  }
  const deployed = await deployContracts(provider, { epochSize, measurement })
  const contracts = { ...deployed, epochSize }
  writeContracts(dataDir, contracts)
  return contracts
}

/** The principal, which is the bootstrap node as well; not started. */
export function createPrincipal({ ports, workers }: Settings, surroundings: NodeSurroundings): NodeHandle {
  return new NodeHandle(surroundings, {
    role: 'principal',
    name: 'principal',
    httpPort: ports.principalHttp,
    p2pPort: ports.principalP2p,
    bootstrap: [],
    operator: roles.principal(),
    minWorkers: workers
  })
}

/** Starts the principal, and registers it with the evidence of its enclave. */
export async function startPrincipal(
  principal: NodeHandle,
  provider: JsonRpcProvider,
  contracts: ContractFile,
  signal: AbortSignal
): Promise<void> {
  await principal.start(signal)
  const { attested } = await nodeInfo(principal.process, principal.httpUrl, signal)
  if (attested !== null) await registerPrincipal(provider, contracts, attested)
}

async function importRoot(primary: NodeHandle, standby: NodeHandle): Promise<void> {
  const { request } = await standby.manage('import-request')
  const { sealed } = await primary.manage('export-root', { request })
  await standby.manage('import-root', { sealed })
}

/** Starts a second principal, and brings it the root of the first (R14). */
export async function startStandby(
  { workers, readyTimeoutMs }: Settings,
  surroundings: NodeSurroundings,
  principal: NodeHandle,
  signal: AbortSignal
): Promise<NodeHandle> {
  const standby = new NodeHandle(surroundings, {
    role: 'principal',
    name: 'standby',
    standby: true,
    httpPort: 0,
    p2pPort: 0,
    bootstrap: principal.multiaddrs,
    operator: roles.standby(),
    minWorkers: workers
  })
  await standby.start(signal)
  await waitFor(() => standby.manage('import-request'), {
    what: 'the standby to ask for the root',
    limitMs: readyTimeoutMs,
    signal
  })
  await (surroundings.seams?.importRoot ?? importRoot)(principal, standby)
  await standby.listening(signal)
  return standby
}

/** Worker i, not started. */
export function createWorker(
  { ports }: Pick<Settings, 'ports'>,
  surroundings: NodeSurroundings,
  index: number,
  bootstrap: readonly string[]
): WorkerHandle {
  const httpPort = ports.workerHttp(index)
  return new WorkerHandle(surroundings, index, { httpPort, p2pPort: ports.workerP2p(index), bootstrap })
}

/** A started worker registers by itself, gets its stake here, and logs in by itself. */
export async function joinNetwork(
  worker: WorkerHandle,
  provider: JsonRpcProvider,
  contracts: ContractFile,
  signal: AbortSignal
): Promise<void> {
  await waitFor(
    async () => {
      worker.process.assertRunning()
      return (await workerOnChain(provider, contracts, worker.operator.address)).status > 0
    },
    {
      what: `${worker.name} to register`,
      limitMs: 60_000,
      signal,
      explain: () => worker.process.log.lines(8).join('\n')
    }
  )
  await depositStake(provider, contracts, worker.index)
}

/** Starts the process that serves the template dApp, if it is wanted and built; what it returns waits for the page's address. */
export function startDapp(
  { dapp, ports, dataDir, confirmations, onProgress }: Settings,
  table: ProcessTable,
  chain: RunningChain,
  { enigma, token }: ContractFile,
  workers: readonly WorkerHandle[]
): ((signal: AbortSignal) => Promise<string>) | undefined {
  if (!dapp) return undefined
  if (!isDappBuilt()) {
    onProgress('the template dApp is not built, so its page is missing (node tools/build.ts builds it)')
    return undefined
  }
  const networkFile = join(dataDir, 'dapp', 'network.json')
  writeNetworkFile(networkFile, {
    enigma,
    token,
    chainId: chainIdFor(confirmations),
    chainUrl: chain.url,
    rpc: workers.map(({ httpUrl }) => httpUrl),
    mode: 'simulation',
    testAccounts: roles.users()
  })
  const process = table.start(dappSpec(ports.dapp, networkFile))
  return signal => dappUrl(process, signal)
}

/** Waits until epoch 1 has begun and every node says that it is ready and knows all others. */
export async function allReady(
  settings: Settings,
  nodes: readonly NodeHandle[],
  provider: JsonRpcProvider,
  contracts: ContractFile,
  signal: AbortSignal
): Promise<void> {
  const { readyTimeoutMs, workers } = settings
  await waitFor(
    async () => {
      for (const { process } of nodes) process.assertRunning()
      return (await currentEpoch(provider, contracts)) > 0
    },
    {
      what: 'the first epoch',
      limitMs: readyTimeoutMs,
      signal,
      explain: () =>
        nodes.map(({ name, process }) => `\nThe last lines of ${name}:\n${process.log.lines(5).join('\n')}`).join('')
    }
  )
  // Two principals do not know each other: nobody vouches for one to the other, and they have nothing to say.
  const peersOf = (node: NodeHandle): number => (node instanceof WorkerHandle ? nodes.length - 1 : workers)
  await Promise.all(nodes.map(node => node.ready({ limitMs: readyTimeoutMs, signal, peers: peersOf(node) })))
}
