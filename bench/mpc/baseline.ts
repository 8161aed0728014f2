import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { cpus } from 'node:os'
import { fileURLToPath } from 'node:url'
import type { BareAnswer, BareQuestion, Rates } from './bare-process.ts'

/** Round trips and rounds of one measurement: some 0.1 s. */
const PINGS = 2000
const ROUNDS = 1000

export interface Latency {
  /** 64 bytes there and back over a plain socket between two processes, milliseconds. */
  readonly roundTripMs: number
  /** 64 bytes from each process to each other one over plain sockets, milliseconds. */
  readonly roundMs: number
}

export interface Bare extends Latency {
  /** Modular multiplications a second on one core, with as many busy processes as there are parties. */
  readonly bigint: number
  readonly wasm: number
  /** For each second of processor time that one process used. */
  readonly bigintPerCpuSecond: number
}

/**
 * What the machine gives without any protocol, under the load of the moment: as many processes as there are parties multiply at
 * the same time, and what they did together counts for the cores that they can have had. On a quiet machine that is what a single
 * process does; with neighbours it shrinks as a protocol's rate does.
 */
export class Baseline {
  readonly #children: readonly ChildProcess[]

  static async start(parties: number): Promise<Baseline> {
    const baseline = new Baseline(parties)
    const ports = (await baseline.#all(() => ({ kind: 'listen' }))) as { value: number }[]
    await baseline.#all(index => ({ kind: 'link', index, ports: ports.map(({ value }) => value) }))
    return baseline
  }

  private constructor(parties: number) {
    const script = fileURLToPath(new URL('./bare-process.ts', import.meta.url))
    this.#children = Array.from({ length: parties }, () => fork(script, [], { serialization: 'advanced' }))
  }

  async latency(): Promise<Latency> {
    const [first, second] = this.#children as [ChildProcess, ChildProcess]
    const [{ value: roundTripMs }] = (await Promise.all([
      ask(first, { kind: 'ping', peer: 1, count: PINGS }),
      ask(second, { kind: 'echo', peer: 0, count: PINGS })
    ])) as [{ value: number }, unknown]
    const rounds = (await this.#all(() => ({ kind: 'rounds', count: ROUNDS }))) as { value: number }[]
    return { roundTripMs, roundMs: rounds[0]!.value }
  }

  async measure(prime: bigint, milliseconds: number): Promise<Bare> {
    const latency = await this.latency()
    const rates = (await this.#all(() => ({ kind: 'rates', prime, milliseconds }))) as Rates[]
    const perCore = (pick: (rate: Rates) => number): number =>
      rates.reduce((sum, rate) => sum + pick(rate), 0) / Math.min(rates.length, cpus().length)
    const bigintPerCpuSecond = rates.reduce((sum, rate) => sum + rate.bigintPerCpuSecond, 0) / rates.length
    return {
      ...latency,
      bigintPerCpuSecond,
      bigint: perCore(({ bigint }) => bigint),
      wasm: perCore(({ wasm }) => wasm)
    }
  }

  stop(): void {
    for (const child of this.#children) child.disconnect()
  }

  #all(question: (index: number) => BareQuestion): Promise<BareAnswer[]> {
    return Promise.all(this.#children.map((child, index) => ask(child, question(index))))
  }
}

async function ask(child: ChildProcess, question: BareQuestion): Promise<BareAnswer> {
  const answered = once(child, 'message', { signal: AbortSignal.timeout(60_000) })
  child.send(question)
  return ((await answered) as [BareAnswer])[0]
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length

export const meanLatency = (all: readonly Latency[]): Latency => ({
  roundTripMs: mean(all.map(({ roundTripMs }) => roundTripMs)),
  roundMs: mean(all.map(({ roundMs }) => roundMs))
})

export const meanOf = (a: Bare, b: Bare): Bare => ({
  ...meanLatency([a, b]),
  bigint: mean([a.bigint, b.bigint]),
  wasm: mean([a.wasm, b.wasm]),
  bigintPerCpuSecond: mean([a.bigintPerCpuSecond, b.bigintPerCpuSecond])
})
