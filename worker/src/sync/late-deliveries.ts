import { asError, printable, type Address } from '@enigma/protocol'
import { decidingCode } from '../net/errors.ts'
import type { PeerNetwork } from '../net/peer-network.ts'
import type { Logger } from '../ops/log.ts'
import { isUnreachable } from './rules.ts'

/** An input that others have stored already. */
interface Late {
  readonly signer: Address
  readonly envelope: Uint8Array
  readonly bytecode: Uint8Array | null
  readonly untilMs: number // performance.now()
}

export interface LateDeliveriesInit {
  readonly network: Pick<PeerNetwork, 'onPeer'>
  readonly deliver: (signer: Address, envelope: Uint8Array, bytecode: Uint8Array | null) => Promise<void>
  readonly log: Logger
  readonly keepMs?: number
  readonly maxBytes?: number
}

/** The 21 blocks in which a task can be settled take four minutes where a block takes twelve seconds. */
const KEEP_MS = 5 * 60 * 1000
/** Of all together; the oldest go first. */
const MAX_BYTES = 16 * 1024 * 1024

/** Gives inputs to seat holders that were away when they came, as soon as they are back: a seat without the input cannot take over. */
export class LateDeliveries {
  readonly #init: LateDeliveriesInit
  #waiting: Late[] = [] // oldest first
  #unsubscribe = (): void => {}

  constructor(init: LateDeliveriesInit) {
    this.#init = init
  }

  start(): void {
    this.#unsubscribe = this.#init.network.onPeer(peer => {
      if (peer.role === 'worker') void this.#give(peer.signer)
    })
  }

  stop(): void {
    this.#unsubscribe()
    this.#waiting = []
  }

  add(signer: Address, envelope: Uint8Array, bytecode: Uint8Array | null): void {
    const { keepMs = KEEP_MS } = this.#init
    this.#keep({ signer, envelope, bytecode, untilMs: performance.now() + keepMs })
  }

  #keep(late: Late): void {
    const { maxBytes = MAX_BYTES } = this.#init
    const now = performance.now()
    this.#waiting = [...this.#waiting.filter(({ untilMs }) => untilMs > now), late]
    for (let bytes = this.#waiting.reduce((sum, one) => sum + sizeOf(one), 0); bytes > maxBytes;) {
      bytes -= sizeOf(this.#waiting.shift()!)
    }
  }

  async #give(signer: Address): Promise<void> {
    const now = performance.now()
    const all = this.#waiting.filter(late => late.signer === signer && late.untilMs > now)
    this.#waiting = this.#waiting.filter(late => late.signer !== signer)
    for (const late of all) {
      try {
        await this.#init.deliver(signer, late.envelope, late.bytecode)
      } catch (err) {
        this.#init.log.debug('A late input was not taken', { signer, error: printable(asError(err).message) })
        if (isUnreachable(decidingCode(err))) this.#keep(late)
      }
    }
  }
}

const sizeOf = ({ envelope, bytecode }: Late): number => envelope.length + (bytecode?.length ?? 0)
