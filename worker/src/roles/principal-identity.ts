import type { Address, Attested } from '@enigma/protocol'
import { ownerAt } from '../chain/network.ts'
import { jsonPart, type Database } from '../ops/database.ts'
import type { ChainLink } from './chain-link.ts'

/**
 * The operator that a principal's report binds: the contract's owner, who alone may register it. At its first start the
 * enclave is bound to it for ever, so it is remembered beside the enclave.
 */
export async function principalOperator({ rpc, indexer, facts }: ChainLink, db: Database): Promise<Address> {
  const meta = jsonPart<string>(db, 'node-meta')
  const known = await meta.get('principal-operator')
  if (known !== undefined) return known as Address
  const registered = indexer.projection.principal
  const operator = await ownerAt(rpc, facts.enigma, registered?.block ?? indexer.head().number)
  await meta.put('principal-operator', operator)
  return operator
}

/** The registered principal's report and evidence, rebuilt from its event; null while none is registered. */
export async function registeredPrincipal({ rpc, indexer, facts }: ChainLink): Promise<Attested | null> {
  const registered = indexer.projection.principal
  if (!registered) return null
  const { signer, transportKey, evidence, block } = registered
  // A node without old states can only be asked for the present owner: the same, unless it changed since.
  const operator = await ownerAt(rpc, facts.enigma, block).catch(() =>
    ownerAt(rpc, facts.enigma, indexer.head().number)
  )
  const { chainId, enigma } = facts
  return { report: { signer, transportKey, operator, chainId, enigma, principalSigner: signer, nonce: 0 }, evidence }
}
