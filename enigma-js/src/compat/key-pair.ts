import { SigningKey, keccak256 as ethersKeccak, toUtf8Bytes } from 'ethers'
import { toHex, type Hex } from '@enigma/protocol'
import type { ClientStorage } from '../storage/storage.ts'

export interface TaskKeyPair {
  readonly publicKey: Hex
  readonly privateKey: Hex
}

const KEY = 'enigma/compat/task-key'

/**
 * The key pair that callers of the original kept for all their tasks. Nothing is encrypted with it here: every task has a key of its
 * own. It is 32 random bytes, not nine characters of a predictable generator.
 */
export async function obtainKeyPair(storage: ClientStorage): Promise<TaskKeyPair> {
  const known = await storage.get(KEY)
  return known === null ? setKeyPair(storage, '') : pairOf(known as Hex)
}

/** A new key pair; with a seed, the one that belongs to it. */
export async function setKeyPair(storage: ClientStorage, seed: string): Promise<TaskKeyPair> {
  const privateKey =
    seed === '' ? toHex(crypto.getRandomValues(new Uint8Array(32))) : (ethersKeccak(toUtf8Bytes(seed)) as Hex)
  await storage.set(KEY, privateKey)
  return pairOf(privateKey)
}

const pairOf = (privateKey: Hex): TaskKeyPair => ({
  privateKey,
  publicKey: new SigningKey(privateKey).publicKey as Hex
})
