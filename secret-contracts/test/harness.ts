import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Interface } from 'ethers'
import { fromHex, toHex, type Hex } from '@enigma/protocol'
import { createWasmPool, THREAD_URL } from '@enigma/enclave-sim/wasm'
import type { FailureReason, RunInput, RunResult, RunSuccess, WasmPool } from '@enigma/enclave-sim/wasm'
import { compileContract, type CompileOptions, type CompiledContract } from '../compiler/compile.ts'

/** A compiled contract with its state, run by the enclave's own pool under production limits. */
export interface Deployed {
  readonly compiled: CompiledContract
  readonly abi: Interface
  readonly state: Map<Hex, Uint8Array>
  /** Runs a function; the writes of a successful task are kept, those of a query must not exist. */
  call(name: string, args?: unknown[], change?: Partial<RunInput>): Promise<RunResult>
  /** As `call`, for runs that must succeed; the decoded result. */
  value(name: string, args?: unknown[], change?: Partial<RunInput>): Promise<unknown>
  /** Any input at all. */
  raw(input: Partial<RunInput>): Promise<RunResult>
}

export interface Harness {
  compile(source: string, options?: CompileOptions): Promise<CompiledContract>
  deploy(source: string, args?: unknown[], options?: CompileOptions): Promise<Deployed>
  stop(): Promise<void>
}

export const address = (index: number): Hex => `0x${index.toString(16).padStart(40, '0')}`
export const sampleSource = (name: string): string =>
  fileURLToPath(new URL(`../samples/${name}/${name}.ts`, import.meta.url))
export const fixtureSource = (name: string): string => fileURLToPath(new URL(`./assembly/${name}.ts`, import.meta.url))

export async function createHarness(): Promise<Harness> {
  const directory = await mkdtemp(join(tmpdir(), 'enigma-contracts-'))
  const pool = createWasmPool({ threadUrl: THREAD_URL })
  const compile = (source: string, options?: CompileOptions): Promise<CompiledContract> =>
    compileContract(source, directory, options)
  return {
    compile,
    async deploy(source, args = [], options) {
      const compiled = await compile(source, options)
      return deployCompiled(pool, compiled, args)
    },
    async stop() {
      await pool.stop()
      await rm(directory, { recursive: true })
    }
  }
}

async function deployCompiled(pool: WasmPool, compiled: CompiledContract, args: unknown[]): Promise<Deployed> {
  const code = new Uint8Array(await readFile(compiled.wasmPath))
  const abi = new Interface(compiled.abi as ConstructorParameters<typeof Interface>[0])
  const state = new Map<Hex, Uint8Array>()
  let runs = 0

  const raw = async (input: Partial<RunInput>): Promise<RunResult> => {
    const seed = new Uint8Array(32)
    new DataView(seed.buffer).setUint32(0, ++runs)
    const result = await pool.run({
      code,
      codeHash: fromHex(compiled.codeHash),
      entry: 'call',
      callData: new Uint8Array(0),
      gasLimit: 100_000_000n,
      readOnly: false,
      context: {
        caller: fromHex(address(0xca11)),
        scAddr: new Uint8Array(32).fill(0x5c),
        blockNumber: 1234n,
        timeSeconds: 1_700_000_000n
      },
      seed,
      state,
      ...input
    })
    if (result.ok) {
      for (const [key, value] of result.writes) {
        if (value === null) state.delete(key)
        else state.set(key, value)
      }
    }
    return result
  }
  const call = (name: string, args: unknown[] = [], change: Partial<RunInput> = {}): Promise<RunResult> =>
    raw({ callData: fromHex(abi.encodeFunctionData(name, args)), ...change })

  succeeded(await raw({ entry: 'deploy', callData: fromHex(abi.encodeDeploy(args)) }))
  return {
    compiled,
    abi,
    state,
    raw,
    call,
    async value(name, args, change) {
      const { output } = succeeded(await call(name, args, change))
      return abi.decodeFunctionResult(name, toHex(output))[0]
    }
  }
}

export function succeeded(result: RunResult): RunSuccess {
  if (!result.ok) throw new Error(`The run failed with reason ${result.reason}: ${result.message}`)
  return result
}

/** The reason and message of a run that must fail. */
export function failed(result: RunResult): { reason: FailureReason; message: string } {
  if (result.ok) throw new Error('The run succeeded.')
  return { reason: result.reason, message: result.message }
}
