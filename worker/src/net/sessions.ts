import type { HeardHello } from './hello.ts'
import type { Peer } from './peer-network.ts'

/** What this node knows of a connected peer. */
export interface Session {
  readonly peerId: string
  readonly since: number // performance.now()
  /** Null until a hello was heard; its signature was then checked. */
  hello: HeardHello | null
  /** Whether the chain bears the hello out now. */
  verified: boolean
  /** Resolves when the first hello was heard, or the session ended. */
  readonly introduced: Promise<void>
  readonly introduce: () => void
}

/** The connected peers by peer id. One operator has one verified session in each role: the newest. */
export class Sessions {
  readonly #byPeerId = new Map<string, Session>()

  get(peerId: string): Session | undefined {
    return this.#byPeerId.get(peerId)
  }

  open(peerId: string): Session {
    const held = this.#byPeerId.get(peerId)
    if (held) return held
    const { promise, resolve } = Promise.withResolvers<void>()
    const session: Session = {
      peerId,
      since: performance.now(),
      hello: null,
      verified: false,
      introduced: promise,
      introduce: resolve
    }
    this.#byPeerId.set(peerId, session)
    return session
  }

  close(peerId: string): void {
    this.#byPeerId.get(peerId)?.introduce()
    this.#byPeerId.delete(peerId)
  }

  all(): readonly Session[] {
    return [...this.#byPeerId.values()]
  }

  verifiedPeer(peerId: string): Peer | null {
    const session = this.#byPeerId.get(peerId)
    return session?.verified && session.hello ? session.hello : null
  }

  verified(): readonly Peer[] {
    return this.all().flatMap(session => (session.verified && session.hello ? [session.hello] : []))
  }

  unverified(): readonly Session[] {
    return this.all().filter(session => !session.verified)
  }

  /** Other verified sessions of the same operator in the same role. */
  rivalsOf(session: Session): readonly Session[] {
    return this.all().filter(
      other =>
        other !== session &&
        other.verified &&
        other.hello?.operator === session.hello?.operator &&
        other.hello?.role === session.hello?.role
    )
  }
}
