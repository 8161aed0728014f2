import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { InfoResult } from '@enigma/protocol'
import { roles, type DevAccount } from '../accounts.ts'
import { serveAddress } from '../address-page.ts'
import { BlockPump } from '../block-pump.ts'
import { Miner, devnetChainId } from '../chain-process.ts'
import { ChainRpc } from '../chain-rpc.ts'
import type { CommandIo } from '../commands/io.ts'
import { StopSignal } from '../commands/stop-signal.ts'
import { writeNetworkFile as writePageFile } from '../dapp/network-file.ts'
import { currentEpoch, deployContracts, depositStake, registerPrincipal, workerOnChain } from '../contracts.ts'
import { enclaveMeasurement } from '../enclave-file.ts'
import { setupProvider } from '../transactions.ts'
import { waitFor } from '../wait.ts'
import { writeNetworkFile } from './network-file.ts'

export interface FoundFlags {
  readonly chainUrl: string
  readonly principalUrl: string
  /** Host under which other containers find the principal's peer address. */
  readonly principalHost: string
  readonly principalPort?: number
  readonly workers?: number | undefined
  readonly epochSize?: number | undefined
  /** Gets network.json and keys/, one file for each node. */
  readonly folder: string
  /** Address the two pages with the contracts' addresses listen on. */
  readonly host?: string | undefined
}

/**
 * Founds a test network whose nodes run elsewhere: deploys the contracts, hands out operating keys, registers the principal, stakes for
 * the workers as they register, and waits for epoch 1. Then serves the contracts' addresses until it is told to stop.
 */
export async function foundNetwork(flags: FoundFlags, io: CommandIo): Promise<number> {
  const { chainUrl, folder, workers = 3, epochSize = 60, host = '127.0.0.1' } = flags
  const stop = new StopSignal()
  const limits = { limitMs: 300_000, signal: stop.signal }
  const rpc = new ChainRpc(chainUrl)
  await waitFor(() => rpc.blockNumber().catch(() => undefined), { what: `the chain at ${chainUrl}`, ...limits })
  const miner = new Miner(rpc, 'anvil')
  const provider = setupProvider(chainUrl)
  await miner.auto()
  io.out('deploying the contracts ...')
  const contracts = await deployContracts(provider, { epochSize, measurement: await enclaveMeasurement() })
  handOutKeys(folder, workers)
  const network = { chainUrl, enigma: contracts.enigma, token: contracts.token }
  const file = join(folder, 'network.json')
  writeNetworkFile(file, network)

  io.out('waiting for the principal ...')
  const principal = await waitFor(() => infoOf(flags.principalUrl), { what: 'the principal', ...limits })
  await registerPrincipal(provider, contracts, principal.attested!)
  const { principalHost, principalPort = 10300 } = flags
  const bootstrap = [`/dns4/${principalHost}/tcp/${principalPort}/p2p/${principal.peerId}`]
  writeNetworkFile(file, { ...network, bootstrap })

  const pump = new BlockPump(miner)
  try {
    for (let i = 1; i <= workers; i++) {
      const operator = roles.operator(i).address
      const registered = async (): Promise<boolean> => (await workerOnChain(provider, contracts, operator)).status > 0
      await waitFor(registered, { what: `worker ${i} to register`, ...limits })
      await depositStake(provider, contracts, i)
      io.out(`worker ${i} has registered and staked`)
    }
    await waitFor(async () => (await currentEpoch(provider, contracts)) > 0, { what: 'the first epoch', ...limits })
  } finally {
    await pump.stop()
    provider.destroy()
  }
  await miner.every(1000)
  // The page runs in a browser of the machine that publishes the ports.
  writePageFile(join(folder, 'page.json'), {
    enigma: contracts.enigma,
    token: contracts.token,
    chainId: devnetChainId,
    chainUrl: 'http://127.0.0.1:8545',
    rpc: Array.from({ length: workers }, (_, i) => `http://127.0.0.1:${3346 + 10 * i}`),
    mode: 'simulation',
    testAccounts: roles.users()
  })
  const pages = await Promise.all([
    serveAddress(8081, contracts.enigma, host),
    serveAddress(8082, contracts.token, host)
  ])
  io.out(`READY enigma ${contracts.enigma} token ${contracts.token}`)
  await stop.wait()
  await Promise.all(pages.map(page => page.close()))
  return 0
}

/** Everybody knows these keys; the files are as private as real ones must be, so that the nodes run as they would. */
function handOutKeys(folder: string, workers: number): void {
  const keys = join(folder, 'keys')
  mkdirSync(keys, { recursive: true, mode: 0o700 })
  const nodes: [string, DevAccount][] = [['principal', roles.principal()]]
  for (let i = 1; i <= workers; i++) nodes.push([`worker${i}`, roles.operator(i)])
  for (const [name, { privateKey }] of nodes) {
    const path = join(keys, `${name}.key`)
    writeFileSync(path, `${privateKey}\n`, { mode: 0o600 })
    chmodSync(path, 0o600)
  }
}

async function infoOf(url: string): Promise<InfoResult | undefined> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'getInfo', params: {} }),
    signal: AbortSignal.timeout(5_000)
  })
  const { result } = (await response.json()) as { result?: InfoResult }
  return result?.attested ? result : undefined
}
