import { nodeStatus } from '../node-process.ts'
import { isAlive } from '../process-id.ts'
import { readFile } from '../state-file.ts'
import type { CommandIo } from './io.ts'

/** Prints what runs. Exits 0 if a network is ready, 1 if there is none or it is not ready. */
export async function devnetStatus(io: CommandIo): Promise<number> {
  const state = readFile()
  if (state === undefined || !isAlive(state.supervisor)) {
    io.out('No network is running. Start one with `./launch.sh -s`.')
    return 1
  }
  io.out(`${state.phase} since ${state.startedAt}, process ${state.supervisor.pid}, data in ${state.dataDir}`)
  const urls = new Map([
    ['chain', state.chainUrl],
    ['principal', state.principalUrl],
    ['dapp', state.pages?.dapp],
    ...(state.workers ?? []).map(({ name, httpUrl }) => [name, httpUrl] as const)
  ])
  for (const process of state.processes) {
    const url = urls.get(process.name)
    const health = isAlive(process) ? await healthOf(process.name, url) : 'dead'
    io.out(`${process.name.padEnd(10)} process ${String(process.pid).padEnd(8)} ${health.padEnd(10)} ${url ?? ''}`)
  }
  if (state.enigma !== undefined) io.out(`Enigma ${state.enigma}  ENG ${state.token}`)
  return state.phase === 'ready' ? 0 : 1
}

async function healthOf(name: string, url: string | undefined): Promise<string> {
  if (name === 'chain' || name === 'dapp') return 'running'
  if (url === undefined) return 'starting'
  try {
    return (await nodeStatus(url)).ready ? 'ready' : 'not ready'
  } catch {
    return 'silent'
  }
}
