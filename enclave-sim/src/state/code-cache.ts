import { codeHashOf, type Hash } from '@enigma/protocol'
import { enclaveError } from '../errors.ts'

const MAX_CODES = 64
const MAX_TOTAL_BYTES = 16 * 1024 * 1024

/** Bytecode as submitted, by its hash; the least used goes when there is no more room. */
export class CodeCache {
  readonly #codes = new Map<Hash, Uint8Array>() // oldest use first
  #totalBytes = 0

  put(code: Uint8Array): Hash {
    const codeHash = codeHashOf(code)
    if (!this.#codes.has(codeHash)) this.#totalBytes += code.length
    this.#touch(codeHash, code)
    while (this.#codes.size > MAX_CODES || this.#totalBytes > MAX_TOTAL_BYTES) {
      const [oldest, bytes] = this.#codes.entries().next().value!
      this.#totalBytes -= bytes.length
      this.#codes.delete(oldest)
    }
    return codeHash
  }

  /** @throws ENCLAVE_CODE_MISSING */
  get(codeHash: Hash): Uint8Array {
    const code = this.#codes.get(codeHash)
    if (!code) throw enclaveError('ENCLAVE_CODE_MISSING', `The bytecode ${codeHash} is not loaded.`)
    this.#touch(codeHash, code)
    return code
  }

  #touch(codeHash: Hash, code: Uint8Array): void {
    this.#codes.delete(codeHash)
    this.#codes.set(codeHash, code)
  }
}
