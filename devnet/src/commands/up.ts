import { join } from 'node:path'
import { dataFolder, prepareDataFolder } from '../data-folder.ts'
import type { Devnet } from '../devnet.ts'
import { DevnetError } from '../errors.ts'
import { anyPorts, defaultPorts, type DevnetPorts } from '../ports.ts'
import { startDevnet } from '../start-devnet.ts'
import { claimState, type StateHolder } from '../state-file.ts'
import { openPages, readyLines, simulationWarning, type Pages } from './banner.ts'
import { upDetached } from './detach.ts'
import { checkFlags, type DevnetUpFlags } from './flags.ts'
import type { CommandIo } from './io.ts'
import { StopSignal } from './stop-signal.ts'
import { LogStream } from './stream.ts'
import { hasTmux, openTmux } from './tmux.ts'

/**
 * Runs a devnet until it is told to stop (Ctrl-C, SIGTERM, `devnet down`). Exits 0 after an orderly stop, 1 if the network could not
 * be started, 2 if the flags are wrong.
 */
export async function devnetUp(flags: DevnetUpFlags, io: CommandIo): Promise<number> {
  try {
    checkFlags(flags)
    return flags.detach === true ? await upDetached(flags, io) : await upInForeground(flags, io)
  } catch (error) {
    if (!(error instanceof DevnetError)) throw error
    if (error.code === 'DEVNET_STOPPED') return 0
    io.err(`${error.code}: ${error.message}`)
    if (error.hint !== undefined) io.err(error.hint)
    return error.code === 'DEVNET_USAGE' || error.code === 'DEVNET_NO_SGX' ? 2 : 1
  }
}

async function upInForeground(flags: DevnetUpFlags, io: CommandIo): Promise<number> {
  const { keep = false } = flags
  const dataDir = dataFolder(keep)
  const logDir = join(dataDir, 'logs')
  // First the right to run, then the data: a network that still runs must not lose its folder.
  const state = claimState({ keep, dataDir, logDir })
  const stop = new StopSignal()
  let devnet: Devnet | undefined
  let pages: Pages | undefined
  try {
    io.out(simulationWarning)
    if (prepareDataFolder(dataDir, keep)) io.out('Continuing the last network that was started with -k.')
    const stream = new LogStream(io)
    devnet = await startDevnet({ ...settingsOf(flags, state, stream, io), dataDir, logDir, signal: stop.signal })
    pages = await openPages(devnet, portsOf())
    state.update(readyState(devnet, pages))
    const lines = await readyLines(devnet, pages)
    for (const line of lines) io.out(line)
    await follow(flags, devnet, lines, stream, stop)
  } finally {
    state.update({ phase: 'stopping' })
    if (devnet !== undefined) io.out('Stopping the network ...')
    await pages?.close()
    await devnet?.stop()
    state.release()
    stop.dispose()
  }
  io.out('Stopped.')
  return 0
}

/** The documented ports, or with `ENIGMA_DEVNET_PORTS=any` whichever are free; the line READY names them. */
function portsOf(): DevnetPorts {
  return process.env.ENIGMA_DEVNET_PORTS === 'any' ? anyPorts : defaultPorts
}

function settingsOf({ keep, workers, epochSize }: DevnetUpFlags, state: StateHolder, stream: LogStream, io: CommandIo) {
  return {
    workers,
    epochSize,
    ports: portsOf(),
    chain: keep === true ? 'anvil' : 'hardhat',
    dapp: true,
    onProgress: text => io.out(`  ${text}`),
    onLog: (name, line) => stream.line(name, line),
    onProcesses: processes => state.update({ processes }),
    onUnexpectedExit: (name, exit) => io.err(`${name} ended by itself (${exit}).`)
  } satisfies Parameters<typeof startDevnet>[0]
}

function readyState(devnet: Devnet, pages: Pages): Parameters<StateHolder['update']>[0] {
  const { chainUrl, chainId, enigma, token, epochSize, principal, workers, dappUrl } = devnet
  return {
    phase: 'ready',
    chainUrl,
    chainId,
    enigma,
    token,
    epochSize,
    principalUrl: principal.httpUrl,
    workers: workers.map(({ name, httpUrl, multiaddrs }) => ({ name, httpUrl, multiaddrs })),
    pages: { enigma: pages.enigma, token: pages.token, ...(dappUrl === undefined ? {} : { dapp: dappUrl }) }
  }
}

/** Shows what happens until somebody stops the network. */
async function follow(
  flags: DevnetUpFlags,
  devnet: Devnet,
  lines: string[],
  stream: LogStream,
  stop: StopSignal
): Promise<void> {
  const view =
    flags.tmux === true && hasTmux() && !stop.stopped ? openTmux(devnet.logDir, namesOf(devnet), lines) : undefined
  try {
    const left = await Promise.race([view?.attach() ?? true, stop.wait().then(() => true)])
    if (!left) return
    stream.on = flags.logFiles !== true && !stop.stopped
    await stop.wait()
  } finally {
    view?.close()
  }
}

const namesOf = (devnet: Devnet): string[] => devnet.processes().map(({ name }) => name)
