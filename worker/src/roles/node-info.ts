import { attestedToJson, ZERO_ADDRESS, ZERO_HASH, type Attested, type InfoResult } from '@enigma/protocol'
import type { EnclaveSupervisor } from '../enclave/enclave.ts'
import type { Libp2pNetwork } from '../net/libp2p-network.ts'
import { VERSION } from '../ops/version.ts'
import type { NodeBase } from './node.ts'

export interface InfoParts {
  readonly base: NodeBase
  readonly network: Libp2pNetwork
  readonly enclave: EnclaveSupervisor | null
  readonly attested: () => Promise<Attested | null>
  readonly principal: () => Attested | null
  readonly lifecycle: () => InfoResult['status']
}

/** `getInfo`: who this node is, for clients. */
export async function infoOf(parts: InfoParts): Promise<InfoResult> {
  const { base, network, enclave, lifecycle } = parts
  const { config, chain, sender } = base
  const { facts, indexer } = chain
  const attested = await parts.attested()
  const principal = parts.principal()
  return {
    peerId: network.peerId,
    status: lifecycle(),
    version: VERSION,
    role: config.role,
    name: config.name,
    chainId: facts.chainId.toString(),
    enigma: facts.enigma,
    deploymentBlockHash: facts.deploymentBlockHash,
    confirmations: facts.confirmations,
    epoch: indexer.currentEpoch()?.epoch ?? 0,
    operator: sender.address ?? ZERO_ADDRESS,
    mode: enclave?.identity.mode ?? '',
    simulation: enclave?.identity.mode === 'simulation',
    isolation: enclave?.identity.isolation ?? '',
    measurement: enclave?.identity.measurement ?? ZERO_HASH,
    attested: attested && attestedToJson(attested),
    principal: principal && attestedToJson(principal),
    peers: network.peers().length
  }
}

/** GET /status: everything a person or a monitor asks for first. */
export function statusOf({ base, network, enclave, lifecycle }: InfoParts, ready: boolean): Record<string, unknown> {
  const { config, board, chain, sender } = base
  const head = chain.indexer.head()
  return {
    ready,
    draining: base.drain.isOn,
    role: config.role,
    name: config.name,
    lifecycle: lifecycle(),
    version: VERSION,
    simulation: enclave?.identity.mode === 'simulation',
    isolation: enclave?.identity.isolation ?? null,
    enclavePid: enclave?.pid ?? null,
    enclaveStarts: enclave?.generation ?? 0,
    operator: sender.address,
    signer: enclave?.identity.signer ?? null,
    head: { number: head.number, hash: head.hash },
    epoch: chain.indexer.currentEpoch()?.epoch ?? 0,
    peers: network.peers().map(({ peerId, role, operator }) => ({ peerId, role, operator })),
    pendingTransactions: sender.pendingCount,
    chain: { latest: chain.latest(), endpoints: chain.rpc.endpoints() },
    ...board.snapshot()
  }
}
