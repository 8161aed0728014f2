import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Devnet, DevnetNode } from '@enigma/devnet'

/** The module that makes nodes answer SIGUSR2, and where they put the answer. */
export const HEAP_PROBE = join(import.meta.dirname, 'heap-probe.ts')
export const heapProbeEnv = (folder: string): Readonly<Record<string, string>> => ({ ENIGMA_HEAP_PROBE: folder })

/** What is needed of a network whose nodes have the probe. */
interface Probed {
  readonly folder: string
  readonly devnet: Pick<Devnet, 'kill'>
  node(name: string): Pick<DevnetNode, 'pid'>
  eventually<T>(what: string, ask: () => Promise<T | undefined>): Promise<T>
}

/** Bytes that a node cannot give back, buffers outside the heap included: after its garbage was collected. */
export async function liveBytesOf(net: Probed, name: string): Promise<number> {
  const { pid } = net.node(name)
  const file = join(net.folder, `heap-of-${pid}`)
  rmSync(file, { force: true })
  await net.devnet.kill(name, 'SIGUSR2')
  await net.eventually(`the heap of ${name}`, async () => (existsSync(file) ? true : undefined))
  return Number(readFileSync(file, 'utf8'))
}
