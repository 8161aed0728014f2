import { hash } from 'node:crypto'
import { MpcError } from '../errors.ts'
import type { Channel, WaitOptions } from '../session/channel.ts'
import type { SecureLink } from './secure-link.ts'

/** A session's channel over the links; `close` frees what it keeps and drops late messages. */
export interface SessionChannel extends Channel {
  close(): void
}

/** One link to each other party; any number of sessions at once. */
export class Mesh {
  readonly #index: number
  readonly #links: readonly (SecureLink | null)[]
  readonly #open = new Set<string>()

  /** `links[i]` leads to party i; null at this party's own place. */
  constructor(index: number, links: readonly (SecureLink | null)[]) {
    this.#index = index
    this.#links = links
  }

  /** Resolves when all links are up. @throws as `SecureLink.ready`, for the first link that is not. */
  async ready(wait: WaitOptions): Promise<void> {
    await Promise.all(this.#links.flatMap(link => (link ? [link.ready(wait)] : [])))
  }

  /** @throws MPC_PARAMETERS if a session of this name is open here already. */
  session(name: string): SessionChannel {
    const tag = hash('sha256', `enigma/mpc/link-session/1/${name}`, 'hex').slice(0, 16)
    if (this.#open.has(tag)) {
      throw new MpcError({ code: 'MPC_PARAMETERS', what: 'session' }, 'A session of this name is open already.')
    }
    this.#open.add(tag)
    for (const each of this.#links) each?.openSession(tag)
    const link = (peer: number): SecureLink => {
      const found = this.#links[peer]
      if (!found) throw new MpcError({ code: 'MPC_LINK', peer, what: 'missing' }, `There is no link to party ${peer}.`)
      return found
    }
    return {
      index: this.#index,
      size: this.#links.length,
      send: (to, operation, step, body, wait) => link(to).send(tag, operation, step, body, wait),
      receive: (from, operation, step, bytes, wait) => link(from).mailbox(tag).receive(operation, step, bytes, wait),
      close: () => {
        this.#open.delete(tag)
        for (const each of this.#links) each?.closeSession(tag)
      }
    }
  }

  close(): void {
    for (const link of this.#links) link?.close()
  }
}
