import { setTimeout as sleep } from 'node:timers/promises'
import type { DevnetWorker } from '@enigma/devnet'
import type { FaultNet } from './fault-net.ts'

/** Kills a worker as by a power cut, starts it again, and gives the time from its start until it is ready. */
export async function killAndRestart({ devnet }: FaultNet, worker: DevnetWorker, deadMs = 0): Promise<number> {
  await devnet.kill(worker.name, 'SIGKILL')
  await sleep(deadMs)
  const started = performance.now()
  await devnet.restart(worker.name)
  return performance.now() - started
}

/** Waits until a worker has read the chain as far as there is anything to read. */
export async function atHead(net: FaultNet, worker: DevnetWorker): Promise<void> {
  await net.eventually(`${worker.name} at the head`, async () => {
    const { head } = (await worker.status()) as unknown as { head: { number: number } }
    return head.number >= (await net.devnet.blockNumber()) - 2 ? true : undefined
  })
}

/** Stops a process for a while, as a machine that is suspended. */
export async function suspend({ devnet }: FaultNet, name: string, ms: number): Promise<void> {
  await devnet.kill(name, 'SIGSTOP')
  try {
    await sleep(ms)
  } finally {
    await devnet.kill(name, 'SIGCONT')
  }
}

/** Ends one process, unless it has ended: enclaves are parent and child, and go together. */
export function killed(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // it ended with the one before it
  }
}
