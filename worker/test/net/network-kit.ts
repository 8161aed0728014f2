import { generateKeyPair } from '@libp2p/crypto/keys'
import { signDigest, ZERO_ADDRESS } from '@enigma/protocol'
import { chainAuthority } from '../../src/net/authority.ts'
import { Libp2pNetwork, type Libp2pNetworkInit } from '../../src/net/libp2p-network.ts'
import type { PeerNetwork, PeerRole } from '../../src/net/peer-network.ts'
import { createLogger } from '../../src/ops/log.ts'
import { addressOf, keyOf, type MemoryChain } from '../memory-chain.ts'

export const quiet = createLogger({ write: () => {} })

export const LOOPBACK = ['/ip4/127.0.0.1/tcp/0']
export const PRINCIPAL = { operator: addressOf('principal'), signer: addressOf('principal enclave') }

export interface NodeOptions extends Partial<Libp2pNetworkInit> {
  readonly role?: PeerRole
  readonly enclave?: string
  readonly bootstrapPeerIds?: readonly string[]
}

/** A real node of `name`'s operator on a port of its own; not started. */
export async function makeNetwork(chain: MemoryChain, name: string, options: NodeOptions = {}): Promise<Libp2pNetwork> {
  const { role = 'worker', enclave = `${name} enclave`, bootstrapPeerIds = [], ...rest } = options
  return new Libp2pNetwork({
    identity: await generateKeyPair('Ed25519'),
    listen: LOOPBACK,
    self: {
      domain: chain.facts,
      role,
      operator: addressOf(name),
      signer: () => (role === 'bootstrap' ? ZERO_ADDRESS : addressOf(enclave)),
      sign: digest => signDigest(digest, keyOf(name))
    },
    authority: chainAuthority({ chain, principal: () => PRINCIPAL, bootstrapPeerIds }),
    log: quiet,
    ...rest,
    limits: { redialFirstMs: 50, redialMostMs: 200, findPeersEveryMs: 200, ...rest.limits }
  })
}

/** Waits until `condition` gives something other than false, null or undefined. */
export async function until<T>(
  what: string,
  condition: () => T | false | null | undefined | Promise<T | false | null | undefined>,
  limitMs = 8_000
): Promise<T> {
  const deadline = performance.now() + limitMs
  for (;;) {
    const value = await condition()
    if (value !== false && value !== null && value !== undefined) return value
    if (performance.now() > deadline) throw new Error(`${what}: not within ${limitMs} ms`)
    await new Promise(resolve => setTimeout(resolve, 10))
  }
}

export const seesAll = (network: PeerNetwork, count: number) => () => network.peers().length === count

/** Nodes to stop after a test, whatever became of it. */
export class Running {
  readonly #nodes: { stop(): Promise<void> }[] = []

  async start<N extends { start(): Promise<void>; stop(): Promise<void> }>(node: N): Promise<N> {
    this.#nodes.push(node)
    await node.start()
    return node
  }
  async stop(): Promise<void> {
    await Promise.all(this.#nodes.splice(0).map(node => node.stop()))
  }
}
