import type { Codec } from '@enigma/protocol'
import type { EnclavePlatform } from '../backend.ts'
import { enclaveError } from '../errors.ts'
import type { FileFolder } from './files.ts'

export type BlobName = 'identity' | 'epoch-keys' | 'seeds'

/** What an enclave remembers over its restarts: a few typed values, each a sealed file. */
export interface Vault {
  /** Undefined if it was never stored. @throws ENCLAVE_SEAL_BROKEN: damaged, foreign, or of an unknown version. */
  load<T>(name: BlobName, codec: Codec<T>): T | undefined
  /** Resolves once the value is on disk. @throws ENCLAVE_SEAL_IO */
  store<T>(name: BlobName, codec: Codec<T>, value: T): Promise<void>
  isEmpty(): boolean
}

export function openVault(folder: FileFolder, platform: Pick<EnclavePlatform, 'seal' | 'unseal'>): Vault {
  const fileOf = (name: BlobName): string => `${name}.sealed`
  return {
    load(name, codec) {
      const sealed = folder.read(fileOf(name))
      if (sealed === undefined) return undefined
      const plaintext = platform.unseal(name, sealed)
      try {
        return codec.decode(plaintext)
      } catch (cause) {
        throw enclaveError(
          'ENCLAVE_SEAL_BROKEN',
          `Sealed data (${name}) is of a version that this enclave does not read.`,
          cause
        )
      } finally {
        plaintext.fill(0)
      }
    },
    async store(name, codec, value) {
      const plaintext = codec.encode(value)
      const sealed = platform.seal(name, plaintext)
      plaintext.fill(0)
      await folder.write(fileOf(name), sealed)
    },
    isEmpty: () => !folder.names().some(name => name.endsWith('.sealed'))
  }
}
