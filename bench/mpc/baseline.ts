import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { cpus } from 'node:os'
import { fileURLToPath } from 'node:url'
import type { BareAnswer, BareQuestion, Rates } from './bare-process.ts'

export interface Bare {
  /** Modular multiplications a second on one core, with as many busy processes as there are parties. */
  readonly bigint: number
  readonly wasm: number
  /** For each second of processor time that one process used. */
  readonly bigintPerCpuSecond: number
  /** 64 bytes there and back over a plain socket between two processes, milliseconds. */
  readonly roundTripMs: number
}

/**
 * What the machine gives without any protocol, under the load of the moment: as many processes as there are parties multiply at
 * the same time, and what they did together counts for the cores that they can have had. On a quiet machine that is what a single
 * process does; with neighbours it shrinks as a protocol's rate does.
 */
export class Baseline {
  readonly #children: readonly ChildProcess[]

  constructor(parties: number) {
    const script = fileURLToPath(new URL('./bare-process.ts', import.meta.url))
    this.#children = Array.from({ length: parties }, () => fork(script, [], { serialization: 'advanced' }))
  }

  async measure(prime: bigint, milliseconds: number): Promise<Bare> {
    const [first, second] = this.#children as [ChildProcess, ChildProcess]
    const { value: port } = (await ask(first, { kind: 'listen' })) as { value: number }
    const { value: roundTripMs } = (await ask(second, { kind: 'ping', port, count: 300 })) as { value: number }
    const rates = (await Promise.all(
      this.#children.map(child => ask(child, { kind: 'rates', prime, milliseconds }))
    )) as Rates[]
    const perCore = (pick: (rate: Rates) => number): number =>
      rates.reduce((sum, rate) => sum + pick(rate), 0) / Math.min(rates.length, cpus().length)
    const bigintPerCpuSecond = rates.reduce((sum, rate) => sum + rate.bigintPerCpuSecond, 0) / rates.length
    return {
      bigintPerCpuSecond,
      bigint: perCore(({ bigint }) => bigint),
      wasm: perCore(({ wasm }) => wasm),
      roundTripMs
    }
  }

  stop(): void {
    for (const child of this.#children) child.disconnect()
  }
}

async function ask(child: ChildProcess, question: BareQuestion): Promise<BareAnswer> {
  const answered = once(child, 'message', { signal: AbortSignal.timeout(60_000) })
  child.send(question)
  return ((await answered) as [BareAnswer])[0]
}

export const meanOf = (a: Bare, b: Bare): Bare => ({
  bigint: (a.bigint + b.bigint) / 2,
  wasm: (a.wasm + b.wasm) / 2,
  bigintPerCpuSecond: (a.bigintPerCpuSecond + b.bigintPerCpuSecond) / 2,
  roundTripMs: (a.roundTripMs + b.roundTripMs) / 2
})
