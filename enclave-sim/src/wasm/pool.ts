import { Worker } from 'node:worker_threads'
import { WasmError } from './errors.ts'
import type { PackedRun } from './execute.ts'
import { MAX_GAS } from './gas.ts'
import { packState } from './host/state.ts'
import type { RunInput, RunResult } from './run-types.ts'
import type { ThreadAnswer } from './thread.ts'

export interface WasmPoolInit {
  /** Runs at the same time. */
  readonly threads?: number
  /** The thread's entry: `thread.ts` beside this file, or the bundle's own file for it. */
  readonly threadUrl: URL
  /** Wall clock for one run, compiling included. MAX_GAS takes about 2 s, so this only ends what is broken (R6). */
  readonly timeoutMs?: number
  /** Runs that wait for a thread. */
  readonly maxQueued?: number
}

export interface WasmPool {
  /**
   * Runs one entry of a secret contract. A failure of the contract is a result (`ok: false`), the same on every machine.
   * @throws {WasmError} WASM_BAD_RUN; or, when nothing may be signed, WASM_THREAD_TIMEOUT, WASM_THREAD_MEMORY, WASM_THREAD_FAULT,
   *   WASM_POOL_FULL, WASM_POOL_STOPPED
   */
  run(input: RunInput): Promise<RunResult>
  /** Ends all threads; runs that wait or are under way reject with WASM_POOL_STOPPED. */
  stop(): Promise<void>
}

interface Job {
  readonly run: PackedRun
  readonly resolve: (result: RunResult) => void
  readonly reject: (error: Error) => void
}

interface Slot {
  worker: Worker | undefined
  job: Job | undefined
  timer: NodeJS.Timeout | undefined
}

/** A runaway run may use this much JavaScript heap before its thread ends; contract memory is bounded separately. */
const MAX_HEAP_MB = 256
/** Room for STACK_SLOTS values of 8 bytes with much to spare, so that our limiter always speaks before the engine's. */
const STACK_MB = 8

export function createWasmPool(init: WasmPoolInit): WasmPool {
  const { threads = 2, threadUrl, timeoutMs = 20_000, maxQueued = 256 } = init
  const slots: Slot[] = Array.from({ length: threads }, () => ({ worker: undefined, job: undefined, timer: undefined }))
  const queue: Job[] = []
  let stopped = false

  function spawn(slot: Slot): Worker {
    const worker = new Worker(threadUrl, {
      env: {},
      resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB, stackSizeMb: STACK_MB }
    })
    slot.worker = worker
    // An idle thread keeps nobody's process alive. Before it is online, unref does not hold.
    worker.once('online', () => {
      if (slot.job === undefined) worker.unref()
    })
    worker.on('message', (answer: ThreadAnswer) => {
      if (slot.worker === worker) finish(slot, answer)
    })
    worker.on('error', (error: NodeJS.ErrnoException) => {
      const code = error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? 'WASM_THREAD_MEMORY' : 'WASM_THREAD_FAULT'
      lose(slot, worker, threadError(code, error))
    })
    worker.on('exit', () => lose(slot, worker, threadError('WASM_THREAD_FAULT')))
    return worker
  }

  function take(slot: Slot): Job | undefined {
    const { job } = slot
    clearTimeout(slot.timer)
    slot.job = undefined
    return job
  }

  function finish(slot: Slot, answer: ThreadAnswer): void {
    const job = take(slot)
    slot.worker?.unref()
    if ('result' in answer) job?.resolve(answer.result)
    else if ('badRun' in answer) job?.reject(new WasmError({ code: 'WASM_BAD_RUN', field: 'code' }, answer.badRun))
    else job?.reject(threadError(answer.fault))
    next()
  }

  /** Gives up a thread; its slot gets a new one with the next job. */
  function lose(slot: Slot, worker: Worker, error: WasmError): void {
    if (slot.worker !== worker) return // already given up
    slot.worker = undefined
    take(slot)?.reject(error)
    void worker.terminate()
    next()
  }

  function next(): void {
    for (const slot of slots) {
      if (slot.job !== undefined) continue
      const job = queue.shift()
      if (job === undefined) return
      const worker = slot.worker ?? spawn(slot)
      slot.job = job
      slot.timer = setTimeout(() => {
        const error = new WasmError(
          { code: 'WASM_THREAD_TIMEOUT', limitMs: timeoutMs },
          `A run took longer than ${timeoutMs} ms and was ended; nothing is signed for it.`
        )
        lose(slot, worker, error)
      }, timeoutMs)
      worker.ref()
      worker.postMessage(job.run, [job.run.state])
    }
  }

  for (const slot of slots) spawn(slot)

  return {
    run(input) {
      return new Promise((resolve, reject) => {
        checkRun(input)
        if (stopped) throw poolStopped()
        if (queue.length >= maxQueued) {
          throw new WasmError({ code: 'WASM_POOL_FULL', limit: maxQueued }, `${maxQueued} runs are waiting already.`)
        }
        queue.push({ run: pack(input), resolve, reject })
        next()
      })
    },

    async stop() {
      stopped = true
      for (const job of queue.splice(0)) job.reject(poolStopped())
      const workers = slots.flatMap(({ worker }) => worker ?? [])
      for (const slot of slots) {
        slot.worker = undefined
        take(slot)?.reject(poolStopped())
      }
      await Promise.all(workers.map(worker => worker.terminate()))
    }
  }
}

/** Copies what the thread gets, so that a view never drags the buffer behind it along. */
function pack(input: RunInput): PackedRun {
  const { context } = input
  return {
    ...input,
    code: input.code.slice(),
    codeHash: input.codeHash.slice(),
    callData: input.callData.slice(),
    seed: input.seed.slice(),
    context: { ...context, caller: context.caller.slice(), scAddr: context.scAddr.slice() },
    state: packState(input.state)
  }
}

function checkRun({ codeHash, entry, gasLimit, context, seed }: RunInput): void {
  const check = (fits: boolean, field: string, wanted: string): void => {
    if (!fits) throw new WasmError({ code: 'WASM_BAD_RUN', field }, `${field} must be ${wanted}.`)
  }
  check(codeHash.length === 32, 'codeHash', '32 bytes')
  check(entry === 'deploy' || entry === 'call', 'entry', '"deploy" or "call"')
  check(gasLimit >= 0n && gasLimit <= MAX_GAS, 'gasLimit', `between 0 and ${MAX_GAS}`)
  check(context.caller.length === 20, 'context.caller', '20 bytes')
  check(context.scAddr.length === 32, 'context.scAddr', '32 bytes')
  check(context.blockNumber >= 0n && context.blockNumber < 1n << 63n, 'context.blockNumber', 'below 2^63')
  check(context.timeSeconds >= 0n && context.timeSeconds < 1n << 63n, 'context.timeSeconds', 'below 2^63')
  check(seed.length === 32, 'seed', '32 bytes')
}

function threadError(code: 'WASM_THREAD_MEMORY' | 'WASM_THREAD_FAULT', cause?: unknown): WasmError {
  return code === 'WASM_THREAD_MEMORY'
    ? new WasmError({ code }, 'A run used more memory than this machine gives it; nothing is signed for it.', { cause })
    : new WasmError({ code }, 'The thread of a run failed; nothing is signed for it.', { cause })
}

const poolStopped = (): WasmError => new WasmError({ code: 'WASM_POOL_STOPPED' }, 'The enclave is stopping.')
