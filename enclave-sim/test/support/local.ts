import { EnclaveMethod, enclaveCodecs, hash, type Hash } from '@enigma/protocol'
import type { EnclaveBackend } from '../../src/backend.ts'
import { createEnclave } from '../../src/enclave.ts'
import type { FileFolder } from '../../src/seal/files.ts'
import { openSealing } from '../../src/seal/sealing.ts'
import { openVault } from '../../src/seal/vault.ts'
import { createMpcHost } from '../../src/mpc-host/mpc-host.ts'
import { createSimulatedPlatform } from '../../src/simulator.ts'
import { createWasmPool, type WasmPool } from '../../src/wasm/index.ts'
import type { Caller } from './host.ts'

export const TEST_MEASUREMENT = hash(`0x${'ab'.repeat(32)}`)

/** A folder in memory, which outlives the enclaves that use it as a disk outlives processes. */
export interface MemoryFolder extends FileFolder {
  readonly files: Map<string, Uint8Array>
}
export function memoryFolder(files = new Map<string, Uint8Array>()): MemoryFolder {
  return {
    files,
    names: () => [...files.keys()],
    read: name => files.get(name)?.slice(),
    write: async (name, bytes) => void files.set(name, bytes.slice())
  }
}

let pool: WasmPool | undefined
/** One pool for all enclaves of a test run, made with the first run. */
const sharedPool: WasmPool = {
  run(input) {
    pool ??= createWasmPool({ threads: 2, threadUrl: new URL('../../src/wasm/thread.ts', import.meta.url) })
    return pool.run(input)
  },
  stop: async () => {}
}

/** To be called after the tests of a file that run contracts: threads keep a process alive. */
export async function stopPool(): Promise<void> {
  const stopping = pool?.stop()
  pool = undefined
  await stopping
}

export interface LocalEnclave extends Caller {
  readonly backend: EnclaveBackend
  readonly folder: MemoryFolder
  readonly clock: { monotonicMs: number; nowSeconds: number }
  readonly logged: string[]
}

/** The code with which a call is refused. */
export async function refusal(answer: Promise<unknown>): Promise<string> {
  try {
    await answer
  } catch (error) {
    return (error as { code?: string }).code ?? `no code: ${String(error)}`
  }
  return 'not refused'
}

export interface LocalInit {
  readonly folder?: MemoryFolder
  readonly measurement?: Hash
  readonly pool?: WasmPool
}

/** An enclave in this process, called through the same codecs as over the socket. Its clocks stand still until a test moves them. */
export async function localEnclave(init: LocalInit = {}): Promise<LocalEnclave> {
  const { folder = memoryFolder(), measurement = TEST_MEASUREMENT } = init
  const clock = { monotonicMs: 1000, nowSeconds: 1_800_000_000 }
  const logged: string[] = []
  const platform = createSimulatedPlatform({
    measurement,
    isolation: 'process-only',
    sealing: await openSealing(folder),
    nowSeconds: () => clock.nowSeconds
  })
  const backend = createEnclave({
    platform,
    vault: openVault(folder, platform),
    pool: init.pool ?? sharedPool,
    mpc: createMpcHost(),
    log: (level, event, facts) => logged.push(JSON.stringify({ level, event, ...facts })),
    monotonicMs: () => clock.monotonicMs,
    nowSeconds: () => clock.nowSeconds
  })
  return {
    backend,
    folder,
    clock,
    logged,
    async call(method, request) {
      const codecs = enclaveCodecs[method]
      return codecs.response.decode(await backend.call(EnclaveMethod[method], codecs.request.encode(request)))
    }
  }
}
