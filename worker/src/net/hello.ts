import {
  ZERO_ADDRESS,
  helloCodec,
  helloDigest,
  recoverSigner,
  type Address,
  type Domain,
  type Hash,
  type Hello
} from '@enigma/protocol'
import { NetError } from './errors.ts'
import { usableAddresses } from './addresses.ts'
import { decode } from './decode.ts'
import type { PeerClaim } from './authority.ts'
import type { PeerRole } from './peer-network.ts'

const ROLES: readonly PeerRole[] = ['worker', 'principal', 'bootstrap']

/** Who this node is towards its peers. */
export interface HelloIdentity {
  readonly domain: Domain
  readonly role: PeerRole
  readonly operator: Address
  /** Of this node's enclave; 0 for a bootstrap. Read anew for every hello. */
  readonly signer: () => Address
  /** Signs a digest with the operator's key, which stays with its owner. */
  readonly sign: (digest: Hash) => Uint8Array
}

export function makeHello(self: HelloIdentity, peerId: string, addresses: readonly string[]): Uint8Array {
  const role = ROLES.indexOf(self.role)
  const signer = self.role === 'bootstrap' ? ZERO_ADDRESS : self.signer()
  const hello: Hello = {
    ...pickDomain(self.domain),
    role,
    operator: self.operator,
    signer,
    addresses: addresses.slice(0, 8),
    signature: self.sign(helloDigest(self.domain, peerId, role, signer))
  }
  return helloCodec.encode(hello)
}

const pickDomain = ({ chainId, enigma }: Domain): Domain => ({ chainId, enigma })

export interface HeardHello extends PeerClaim {
  readonly addresses: readonly string[]
}

/**
 * Reads a hello that came over a connection whose other end proved `peerId`.
 *
 * @throws PEER_MALFORMED, PEER_OTHER_NETWORK for another chain or contract, PEER_IMPOSTOR if its operator did not sign it for this peer id.
 */
export function readHello(bytes: Uint8Array, domain: Domain, peerId: string): HeardHello {
  const hello = decode(helloCodec, bytes, peerId)
  if (hello.chainId !== domain.chainId || hello.enigma !== domain.enigma) {
    throw new NetError({ code: 'PEER_OTHER_NETWORK', peerId }, `Peer ${peerId} belongs to another network.`)
  }
  const role = ROLES[hello.role]
  const digest = helloDigest(domain, peerId, hello.role, hello.signer)
  if (role === undefined || !isSignedBy(digest, hello.signature, hello.operator)) {
    throw new NetError(
      { code: 'PEER_IMPOSTOR', peerId },
      `The hello of peer ${peerId} is not signed by its operator for this peer.`
    )
  }
  const { operator, signer, addresses } = hello
  return { peerId, role, operator, signer, addresses: usableAddresses(addresses, peerId) }
}

function isSignedBy(digest: Hash, signature: Uint8Array, operator: Address): boolean {
  try {
    return recoverSigner(digest, signature) === operator
  } catch {
    return false
  }
}
