import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import {
  hash,
  mpcPackage,
  randomBytes,
  sealForMpc,
  toHex,
  type Hash,
  type Key32,
  type MpcOffer,
  type MpcOpenRequest
} from '@enigma/protocol'
import { deal, encode, Field } from '@enigma/mpc/client'
import type { HostedEnclave } from '../support/host.ts'
import type { Member } from '../support/network.ts'

export const freshSession = (): Hash => hash(toHex(randomBytes(32)))

/** What the hosts see of the links: every byte in either direction. */
export class Wire {
  readonly chunks: Buffer[] = []
  readonly #servers: { close(): void }[] = []
  readonly #sockets: Socket[] = []

  /** Two connected sockets over TCP, through a relay that listens. */
  async pair(): Promise<[Socket, Socket]> {
    const inner = createServer({ noDelay: true, pauseOnConnect: true })
    inner.listen(0, '127.0.0.1')
    await once(inner, 'listening')
    const outer = createServer({ noDelay: true }, near => {
      const far = connect({ port: (inner.address() as { port: number }).port, host: '127.0.0.1', noDelay: true })
      this.#sockets.push(near, far)
      for (const [from, to] of [
        [near, far],
        [far, near]
      ] as const) {
        from.on('data', (chunk: Buffer) => {
          this.chunks.push(chunk)
          to.write(chunk)
        })
        from.on('error', () => to.destroy())
        from.on('close', () => to.destroy())
      }
    })
    outer.listen(0, '127.0.0.1')
    await once(outer, 'listening')
    this.#servers.push(inner, outer)
    const accepted = once(inner, 'connection') as Promise<[Socket]>
    const client = connect({ port: (outer.address() as { port: number }).port, host: '127.0.0.1', noDelay: true })
    client.pause() // before it stands: what a host reads from a socket that it hands on is lost
    await once(client, 'connect')
    const [server] = await accepted
    return [client, server]
  }

  get bytes(): Buffer {
    return Buffer.concat(this.chunks)
  }

  close(): void {
    for (const server of this.#servers) server.close()
    for (const socket of this.#sockets) socket.destroy()
  }
}

export const handOver = (to: HostedEnclave, session: Hash, peer: number, socket: Socket): void => {
  to.process.send!({ mpcLink: session, peer }, socket)
}

/** A socket for each pair of nodes, each end given to its enclave. */
export async function connectAll(wire: Wire, session: Hash, enclaves: readonly HostedEnclave[]): Promise<void> {
  for (let a = 0; a < enclaves.length; a++) {
    for (let b = a + 1; b < enclaves.length; b++) {
      const [left, right] = await wire.pair()
      handOver(enclaves[a]!, session, b, left)
      handOver(enclaves[b]!, session, a, right)
    }
  }
}

export interface Opening {
  readonly session: Hash
  readonly offers: readonly MpcOffer[]
}

export const openRequest = ({ session, offers }: Opening, prime: bigint, timeoutMs = 10_000): MpcOpenRequest => ({
  session,
  prime: prime.toString(16),
  degree: 1,
  active: true,
  wholeBits: 21,
  fractionBits: 16,
  timeoutMs,
  offers
})

/** What a data owner sends to each node. */
export function sealedInput(
  members: readonly Member<HostedEnclave>[],
  session: Hash,
  name: string,
  values: readonly number[],
  { prime, recipient, operations }: { prime: bigint; recipient: Key32; operations: readonly string[] }
): { sealed: Uint8Array[]; plain: Uint8Array[] } {
  const field = Field.of(prime)
  const packages = deal(encode(field, values, 16, 20), { prime, n: members.length, t: 1 })
  const plain = packages.map(each => (each.kind === 'seed' ? each.seed : each.shares))
  const sealed = packages.map((each, i) => {
    const { info } = members[i]!
    const body = plain[i]!
    const encoded = mpcPackage.encode({
      kind: each.kind === 'seed' ? 0 : 1,
      count: each.count,
      body,
      recipient,
      operations
    })
    return sealForMpc(info.transportKey, { label: 'input', session, node: info.signer, name }, encoded)
  })
  return { sealed, plain }
}
