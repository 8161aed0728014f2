import { abiEncode, openRandom, randomBytes, sealRandom } from '@enigma/protocol'
import { enclaveError } from '../errors.ts'
import type { FileFolder } from './files.ts'

const KEY_FILE = 'sealing.key'
const BLOB = '.sealed'
const VERSION = 1

export interface Sealing {
  seal(label: string, plaintext: Uint8Array): Uint8Array
  /** @throws ENCLAVE_SEAL_BROKEN */
  unseal(label: string, sealed: Uint8Array): Uint8Array
}

/**
 * Sealing of the simulation: the key lies in a plain file of the sealed folder, so whoever reads the folder reads everything.
 * Hardware would derive it from the processor and the measurement. Only an empty folder gets a new key.
 *
 * @throws ENCLAVE_SEAL_KEY_LOST, ENCLAVE_SEAL_BROKEN, ENCLAVE_SEAL_IO
 */
export async function openSealing(folder: FileFolder): Promise<Sealing> {
  const key = folder.read(KEY_FILE) ?? (await freshKey(folder))
  if (key.length !== 32) {
    throw enclaveError(
      'ENCLAVE_SEAL_BROKEN',
      'The sealing key of the simulation is damaged: sealing.key is not 32 bytes.'
    )
  }
  return {
    seal: (label, plaintext) => sealRandom(key, plaintext, additionalData(label)),
    unseal(label, sealed) {
      try {
        return openRandom(label, key, sealed, additionalData(label))
      } catch (cause) {
        throw enclaveError(
          'ENCLAVE_SEAL_BROKEN',
          `Sealed data (${label}) does not open: damaged, or of another enclave.`,
          cause
        )
      }
    }
  }
}

async function freshKey(folder: FileFolder): Promise<Uint8Array> {
  if (folder.names().some(name => name.endsWith(BLOB))) {
    throw enclaveError(
      'ENCLAVE_SEAL_KEY_LOST',
      'There are sealed blobs, but their sealing.key is gone. Restore it, or empty the folder.'
    )
  }
  const key = randomBytes(32)
  await folder.write(KEY_FILE, key)
  return key
}

const additionalData = (label: string): Uint8Array =>
  abiEncode(['string', 'uint8', 'string'], ['enigma/seal', VERSION, label])
