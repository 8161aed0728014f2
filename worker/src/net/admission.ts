import { printable } from '@enigma/protocol'
import type { Logger } from '../ops/log.ts'
import type { PeerAuthority } from './authority.ts'
import type { HeardHello } from './hello.ts'
import type { Peer } from './peer-network.ts'
import { Sessions, type Session } from './sessions.ts'

export interface AdmissionInit {
  readonly authority: PeerAuthority
  readonly log: Logger
  /** Ends every connection to a peer. */
  readonly disconnect: (peerId: string) => void
  readonly onVerified: (peer: Peer) => void
}

/** Who of the connected peers is who it claims to be. Asked again whenever the chain moves: workers come and go. */
export class Admission {
  readonly sessions = new Sessions()
  readonly #init: AdmissionInit

  constructor(init: AdmissionInit) {
    this.#init = init
  }

  /** Takes a hello whose signature was checked. Verified or not, it is kept: the worker may register in a moment. */
  hear(hello: HeardHello): Session {
    const session = this.sessions.open(hello.peerId)
    const { hello: before } = session
    const same = before?.operator === hello.operator && before.signer === hello.signer && before.role === hello.role
    if (!same) session.verified = false // another claim is judged anew, and told as another peer
    session.hello = hello
    this.#judge(session)
    session.introduce()
    return session
  }

  reconsider(): void {
    for (const session of this.sessions.all()) this.#judge(session)
  }

  #judge(session: Session): void {
    const { hello } = session
    if (!hello) return
    const { authority, log, disconnect, onVerified } = this.#init
    const before = session.verified
    session.verified = authority.vouchesFor(hello)
    if (session.verified === before) return
    const facts = { peer: hello.peerId, role: hello.role, operator: hello.operator, signer: hello.signer }
    if (!session.verified) {
      log.info('A peer is no longer borne out by the chain', facts)
      return
    }
    for (const rival of this.sessions.rivalsOf(session)) {
      log.info('A peer came back under another peer id', { peer: rival.peerId, operator: printable(hello.operator) })
      rival.verified = false
      disconnect(rival.peerId)
    }
    log.info('Peer verified', facts)
    onVerified(hello)
  }
}
