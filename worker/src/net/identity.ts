import { generateKeyPair, privateKeyFromProtobuf, privateKeyToProtobuf } from '@libp2p/crypto/keys'
import type { PrivateKey } from '@libp2p/interface'
import { chmod, open, readFile, rename, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { randomBytes } from 'node:crypto'
import { NetError } from './errors.ts'

const MAX_IDENTITY_BYTES = 256

/**
 * This node's Ed25519 key, made at the first start and kept in a file that only its owner can read.
 *
 * @throws NET_IDENTITY if the file is not a key, or others can read it.
 */
export async function loadIdentity(path: string): Promise<PrivateKey> {
  const refuse = (why: string, cause?: unknown): NetError =>
    new NetError({ code: 'NET_IDENTITY', path }, `The peer identity ${path} was refused: ${why}.`, {
      hint: 'Restore the file from a backup, or remove it; the node then gets a new peer id.',
      cause
    })
  const found = await stat(path).catch((err: NodeJS.ErrnoException) => {
    if (err.code === 'ENOENT') return null
    throw refuse('it cannot be read', err)
  })
  if (found === null) return makeIdentity(path)
  if ((found.mode & 0o077) !== 0) throw refuse('others than its owner may read it (mode must be 0600)')
  if (found.size > MAX_IDENTITY_BYTES) throw refuse('it is too large for a key')
  let key: PrivateKey
  try {
    key = privateKeyFromProtobuf(await readFile(path))
  } catch (cause) {
    throw refuse('it is not a key', cause)
  }
  if (key.type !== 'Ed25519') throw refuse('it is not an Ed25519 key')
  return key
}

/** Written beside its place, synced and renamed, so that a crash leaves a whole key or none. */
async function makeIdentity(path: string): Promise<PrivateKey> {
  const key = await generateKeyPair('Ed25519')
  const draft = `${path}.${randomBytes(6).toString('hex')}`
  const file = await open(draft, 'wx', 0o600)
  try {
    await file.writeFile(privateKeyToProtobuf(key))
    await file.sync()
  } finally {
    await file.close()
  }
  await chmod(draft, 0o600)
  await rename(draft, path)
  const folder = await open(dirname(path), 'r')
  await folder.sync().finally(() => folder.close())
  return key
}
