import type { Hash, Key32, MpcOffer, X25519Pair } from '@enigma/protocol'
import { Mesh, Party, SecureLink, agreeOnKeys, Field, type NumberFormat, type Secret } from '@enigma/mpc'
import { enclaveError } from '../errors.ts'
import { createSocketInbox, type SocketInbox } from './socket-inbox.ts'

const MAX_OFFERS = 64
const MAX_SESSIONS = 16
const MAX_INPUTS = 64

/** Shares of somebody's numbers, with what their owner allows. */
export interface HostedInput {
  readonly value: Secret
  readonly recipient: Key32
  readonly operations: readonly string[]
}

/** One session of several enclaves, as this one holds it. */
export interface HostedSession {
  readonly index: number
  readonly offers: readonly MpcOffer[]
  readonly party: Party
  /** What inputs must fit. */
  readonly numbers: NumberFormat
  readonly inputs: Map<string, HostedInput>
  readonly close: () => void
  /** One operation at a time. */
  tail: Promise<unknown>
}

export interface OpenInit {
  readonly session: Hash
  readonly index: number
  readonly offers: readonly MpcOffer[]
  readonly secrets: readonly (Uint8Array | null)[]
  readonly prime: bigint
  readonly degree: number
  readonly active: boolean
  readonly numbers: NumberFormat
  readonly timeoutMs: number
  readonly name: string // what all nodes agreed on
}

/** The parties of the MPC engine in this enclave. Their shares leave it encrypted for another enclave of the session, or a recipient. */
export interface MpcHost {
  readonly sockets: SocketInbox
  /** The key of this enclave's outstanding offer; each is good for one session. */
  offer(session: Hash, key: X25519Pair): void
  takeOffer(session: Hash): X25519Pair
  open(init: OpenInit): Promise<void>
  session(session: Hash): HostedSession
  close(session: Hash): void
}

export function createMpcHost(): MpcHost {
  const sockets = createSocketInbox()
  const offered = new Map<Hash, X25519Pair>()
  const used = new Set<Hash>()
  const sessions = new Map<Hash, HostedSession>()
  const opening = new Map<Hash, AbortController>()

  return {
    sockets,
    offer(session, key) {
      if (used.has(session) || offered.has(session)) {
        throw enclaveError('ENCLAVE_MPC_REFUSED', 'A session of this name was offered before.')
      }
      if (offered.size >= MAX_OFFERS) offered.delete(offered.keys().next().value!)
      offered.set(session, key)
    },
    takeOffer(session) {
      const key = offered.get(session)
      if (!key) throw enclaveError('ENCLAVE_MPC_UNKNOWN', 'This enclave has no open offer for that session.')
      offered.delete(session)
      used.add(session)
      return key
    },
    async open({ session, index, offers, secrets, prime, degree, active, numbers, timeoutMs, name }) {
      if (sessions.size + opening.size >= MAX_SESSIONS) {
        throw enclaveError('ENCLAVE_BUSY', `${MAX_SESSIONS} sessions are open; close one first.`)
      }
      const controller = new AbortController()
      const wait = { timeoutMs, signal: controller.signal }
      opening.set(session, controller)
      const links: (SecureLink | null)[] = []
      let mesh: Mesh | undefined
      try {
        for (const [peer, secret] of secrets.entries()) {
          const socket = secret && (await sockets.take(session, peer, wait))
          links.push(socket ? new SecureLink(socket, { self: index, peer, secret: secret! }) : null)
        }
        mesh = new Mesh(index, links)
        await mesh.ready(wait)
        const keys = await agreeOnKeys(mesh.session('keys'), degree, name, wait)
        const channel = mesh.session('work')
        const party = Party.create({
          field: Field.of(prime),
          n: offers.length,
          t: degree,
          channel,
          keys,
          session: name,
          ...wait,
          numbers,
          security: active ? 'active' : 'passive'
        })
        await meetAll(party)
        const all = mesh
        const close = (): void => {
          controller.abort()
          all.close()
        }
        sessions.set(session, { index, offers, party, numbers, inputs: new Map(), close, tail: Promise.resolve() })
      } catch (error) {
        for (const link of links) link?.close()
        mesh?.close()
        sockets.drop(session)
        throw error
      } finally {
        opening.delete(session)
      }
    },
    session(session) {
      const found = sessions.get(session)
      if (!found) throw enclaveError('ENCLAVE_MPC_UNKNOWN', 'No session of that name is open in this enclave.')
      return found
    },
    close(session) {
      opening.get(session)?.abort()
      sessions.get(session)?.close()
      sessions.delete(session)
      offered.delete(session)
      sockets.drop(session)
    }
  }
}

/** Adds an input, within bounds. */
export function keepInput({ inputs }: HostedSession, name: string, input: HostedInput): void {
  if (inputs.has(name)) throw enclaveError('ENCLAVE_MPC_REFUSED', 'The session has an input of this name.')
  if (inputs.size >= MAX_INPUTS) throw enclaveError('ENCLAVE_FULL', `A session holds at most ${MAX_INPUTS} inputs.`)
  inputs.set(name, input)
}

/** Each node hears from each other: the keys of all links are right, so all agree on what the session is. */
async function meetAll(party: Party): Promise<void> {
  const op = party.operation('meet')
  for (const to of op.others) await op.sendBytes(to, 0, Uint8Array.of(1))
  await Promise.all(op.others.map(from => op.receiveBytes(from, 0, 1)))
}
