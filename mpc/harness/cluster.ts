import { fork, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { DEFAULT_PRIME } from '../src/field/field.ts'
import { checkNetwork } from '../src/plan/network.ts'
import type { NumberFormat } from '../src/plan/room.ts'
import type { FromParty, Measured, ToParty } from './messages.ts'
import { startRelay, type Relay, type Tap } from './relay.ts'

export interface ClusterOptions {
  /** A module whose exports are programs for the parties: `(party, argument) => Promise<unknown>`. */
  readonly programs: URL
  readonly n?: number
  readonly t?: number
  readonly prime?: bigint
  readonly timeoutMs?: number
  readonly security?: 'passive' | 'active'
  /** E and F that the network declares. 32 whole bits and 16 fraction bits by default, as programs of tests and benchmarks use. */
  readonly numbers?: NumberFormat
  /** Sees every byte that passes between two parties, in either direction: the sockets then lead through this process. */
  readonly tap?: Tap
}

export interface ClusterRun {
  readonly values: unknown[]
  readonly measured: Measured[]
}

const DEFAULT_NUMBERS: NumberFormat = { wholeBits: 32, fractionBits: 16 }

/**
 * Megabytes of small objects before old ones are looked through for the first time. After large batches V8 expects a heap of some 18 MiB and would
 * collect it every other matrix inverse, which takes as long as the inverse: docs/adr/mpc-latency.md.
 */
const ROOM_FOR_GARBAGE = ['--initial-old-space-size=256']

/** n parties in processes of their own, linked over loopback TCP with encryption, as a real network would be. */
export class Cluster {
  readonly #children: ChildProcess[]
  readonly #timeoutMs: number
  readonly #relays: readonly Relay[]
  #next = 1

  static async start({
    programs,
    n = 3,
    t = 1,
    prime = DEFAULT_PRIME,
    timeoutMs = 60_000,
    security = 'active',
    numbers = DEFAULT_NUMBERS,
    tap
  }: ClusterOptions): Promise<Cluster> {
    checkNetwork({ prime, n, t, ...numbers })
    const script = fileURLToPath(new URL('./party-process.ts', import.meta.url))
    const children = Array.from({ length: n }, () =>
      fork(script, [programs.href], {
        execArgv: [...process.execArgv, ...ROOM_FOR_GARBAGE],
        serialization: 'advanced',
        stdio: ['ignore', 'inherit', 'inherit', 'ipc']
      })
    )
    const relays: Relay[] = []
    const cluster = new Cluster(children, timeoutMs, relays)
    try {
      const secrets = Array.from({ length: n }, () => Array.from({ length: n }, (): Uint8Array | null => null))
      for (let a = 0; a < n; a++)
        for (let b = a + 1; b < n; b++) secrets[a]![b] = secrets[b]![a] = new Uint8Array(randomBytes(32))
      children.forEach((child, index) => {
        child.send({
          kind: 'setup',
          setup: { index, n, t, prime, secrets: secrets[index]!, timeoutMs, security, numbers }
        } satisfies ToParty)
      })
      const listening = await Promise.all(children.map(child => cluster.#answer(child, 0)))
      const ports = listening.map(message => (message.kind === 'listening' ? message.port : 0))
      if (tap) for (const port of ports) relays.push(await startRelay(port, tap))
      const reached = tap ? relays.map(relay => relay.port) : ports
      for (const child of children) child.send({ kind: 'connect', ports: reached } satisfies ToParty)
      await Promise.all(children.map(child => cluster.#answer(child, 0)))
      return cluster
    } catch (error) {
      await cluster.stop()
      throw error
    }
  }

  private constructor(children: ChildProcess[], timeoutMs: number, relays: readonly Relay[]) {
    this.#children = children
    this.#timeoutMs = timeoutMs
    this.#relays = relays
  }

  /** Runs a program at all parties. `argument` may differ by party. */
  async run(program: string, argument: (index: number) => unknown = () => undefined): Promise<ClusterRun> {
    const id = this.#next++
    const session = randomBytes(16).toString('hex')
    const answers = this.#children.map(child => this.#answer(child, id))
    this.#children.forEach((child, index) =>
      child.send({ kind: 'run', id, program, session, argument: argument(index) } satisfies ToParty)
    )
    const results = await Promise.all(answers)
    return {
      values: results.map(result => (result.kind === 'result' ? result.value : undefined)),
      measured: results.flatMap(result => (result.kind === 'result' ? [result.measured] : []))
    }
  }

  async stop(): Promise<void> {
    await Promise.all(
      this.#children.map(async child => {
        if (child.exitCode !== null || child.signalCode !== null) return
        const gone = once(child, 'exit')
        child.disconnect()
        const timer = setTimeout(() => child.kill('SIGKILL'), 2_000)
        await gone
        clearTimeout(timer)
      })
    )
    for (const relay of this.#relays) relay.close()
  }

  #answer(child: ChildProcess, id: number): Promise<FromParty> {
    return new Promise((resolve, reject) => {
      const end = (): void => {
        clearTimeout(timer)
        child.off('message', onMessage)
        child.off('exit', onExit)
      }
      const onMessage = (message: FromParty): void => {
        const about = 'id' in message ? message.id : 0
        if (about !== id) return
        end()
        if (message.kind === 'error') reject(Object.assign(new Error(message.message), { code: message.code }))
        else resolve(message)
      }
      const onExit = (): void => {
        end()
        reject(new Error('A party process ended.'))
      }
      const timer = setTimeout(() => {
        end()
        reject(new Error(`A party process did not answer within ${this.#timeoutMs} ms.`))
      }, this.#timeoutMs)
      child.on('message', onMessage)
      child.on('exit', onExit)
    })
  }
}
