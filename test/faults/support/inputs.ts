import { setTimeout as sleep } from 'node:timers/promises'
import type { Random } from '@enigma/faults'
import type { DevnetWorker } from '@enigma/devnet'
import {
  TaskKind,
  ZERO_HASH,
  address,
  codeOf,
  sealTaskInput,
  toHex,
  utf8,
  type Address,
  type Hash,
  type ScAddr
} from '@enigma/protocol'
import { bytesPart } from '@enigma/worker/testing'
import { callWorker } from 'enigma-js'
import { withDiskCopy } from './disk-copy.ts'
import type { FaultNet } from './fault-net.ts'

/** What a worker's `/status` says beyond what a devnet looks at. */
export interface WorkerStatus {
  readonly signer: Address
  readonly head: { readonly number: number; readonly hash: string }
  readonly alarms: readonly { readonly code: string; readonly times: number }[]
  readonly counters: Readonly<Record<string, number>>
}
export const statusOf = async (worker: Pick<DevnetWorker, 'status'>): Promise<WorkerStatus> =>
  (await worker.status()) as unknown as WorkerStatus

/** How often an alarm was raised since the process began. */
export const alarmsOf = async (worker: Pick<DevnetWorker, 'status'>, code: string): Promise<number> =>
  (await statusOf(worker)).alarms.find(alarm => alarm.code === code)?.times ?? 0

/** Acknowledgements after which another answer is not waited for any more. */
const MOST_SENT = 500

/** Looks for a seat of the worker: over two epochs, about. */
const SEAT_TRIES = 40

interface Prepared {
  readonly hash: Hash
  readonly epoch: number
  readonly signer: Address
  readonly envelope: Uint8Array
}

/**
 * Inputs for one worker alone, by `sendTaskInput`: no other seat can open them, so that the answer says what this worker did. Each is
 * of a sender of its own, since none is recorded.
 */
export class Inputs {
  readonly #net: FaultNet
  readonly #worker: DevnetWorker
  readonly #scAddr: ScAddr
  readonly #random: Random
  readonly #stored: { readonly hash: Hash; readonly epoch: number }[] = []

  constructor(net: FaultNet, worker: DevnetWorker, scAddr: ScAddr, random: Random) {
    this.#net = net
    this.#worker = worker
    this.#scAddr = scAddr
    this.#random = random
  }

  /** Inputs that the worker said are on its disk. */
  get acknowledged(): number {
    return this.#stored.length
  }

  /** Sends one. @returns `stored`, or the code of the refusal */
  async send(): Promise<string> {
    return this.#prepared().then(input => (input === null ? 'NO_SEAT' : this.#deliver(input)), codeOf)
  }

  /**
   * Sends some at once and does something as soon as so many of them are acknowledged, or all are answered. Resolves when both are over.
   */
  async sendAndThen(count: number, acknowledged: number, then: () => Promise<void>): Promise<void> {
    const ready = (): Promise<Prepared | null> => this.#prepared().catch(() => null)
    for (let tries = 0; tries < SEAT_TRIES && (await ready()) === null; tries++) await sleep(500) // the next epoch may give it a seat
    const prepared = await Promise.all(Array.from({ length: count }, ready))
    const enough = Promise.withResolvers<void>()
    let stored = 0
    const answers = prepared.map(async input => {
      if (input === null || (await this.#deliver(input)) !== 'stored') return
      stored += 1
      if (stored >= acknowledged) enough.resolve()
    })
    const all = Promise.all(answers)
    await Promise.race([enough.promise, all])
    await then()
    await all
  }

  /** An input for this worker alone; null if it has no seat of the contract in this epoch. */
  async #prepared(): Promise<Prepared | null> {
    const { devnet, ledger } = this.#net
    const { httpUrl } = this.#worker
    const [{ signer }, epoch] = await Promise.all([statusOf(this.#worker), ledger.epoch()])
    const { seats } = await callWorker(httpUrl, 'getWorkerEncryptionKey', { scAddr: this.#scAddr, epoch })
    const key = seats.find(seat => seat.signer === signer)?.encKey
    if (key === undefined) return null
    const sender = address(toHex(this.#random.bytes(20)))
    const where = { chainId: BigInt(devnet.chainId), enigma: address(devnet.enigma), scAddr: this.#scAddr, epoch }
    const target = { ...where, kind: TaskKind.compute, codeHash: ZERO_HASH, sender }
    const { envelope, inputHash } = sealTaskInput(target, [{ signer, key }], { trace: false, callData: utf8('for the disk') }) // prettier-ignore
    return { hash: inputHash, epoch, signer, envelope }
  }

  async #deliver({ hash, epoch, signer, envelope }: Prepared): Promise<string> {
    try {
      const { stored } = await callWorker(this.#worker.httpUrl, 'sendTaskInput', { envelope: toHex(envelope) })
      if (!stored.includes(signer)) return 'NOT_STORED'
      this.#stored.push({ hash, epoch })
      return 'stored'
    } catch (error) {
      return codeOf(error)
    }
  }

  /**
   * Sends until one is answered like this.
   *
   * @returns that answer
   * @throws what `onStored` says of an acknowledgement that comes instead
   */
  async sendUntil(
    wanted: readonly string[],
    onStored: () => Promise<unknown> = () => Promise.resolve()
  ): Promise<string> {
    let last = ''
    const which = wanted.join(' or ')
    for (let sent = 0; !wanted.includes(last); sent++) {
      if (sent === MOST_SENT) throw new Error(`${this.#worker.name} answers ${last}, and not ${which}`)
      await this.#net
        .eventually(`the answer ${which} of ${this.#worker.name}`, async () => {
          last = await this.send()
          return wanted.includes(last) || last === 'stored' ? true : undefined
        })
        .catch((error: unknown) => {
          throw new Error(`${String(error)}; the last answer was ${last}`, { cause: error })
        })
      if (last === 'stored') await onStored()
    }
    return last
  }

  /**
   * Looks on the worker's disk for what it acknowledged, as a restart would find it. Inputs of epochs that are over may have been let go.
   */
  async lookUp(): Promise<{ readonly found: number; readonly lost: readonly Hash[] }> {
    const epoch = await this.#net.ledger.epoch()
    const wanted = this.#stored.filter(input => input.epoch >= epoch)
    return withDiskCopy(this.#net, this.#worker, async db => {
      const there = await bytesPart(db, 'envelopes').getMany(wanted.map(({ hash }) => hash))
      const lost = wanted.filter((_, i) => there[i] === undefined).map(({ hash }) => hash)
      return { found: wanted.length - lost.length, lost }
    })
  }
}
