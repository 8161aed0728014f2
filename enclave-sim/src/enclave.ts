import { EnclaveMethod, enclaveCodecs, type EnclaveMethodName } from '@enigma/protocol'
import type { EnclaveBackend } from './backend.ts'
import { createHandlers } from './calls/handlers.ts'
import type { EnclaveParts } from './calls/enclave-parts.ts'
import type { Enclave } from './calls/session.ts'
import { enclaveError } from './errors.ts'

const methodNames = new Map<number, EnclaveMethodName>(
  Object.entries(EnclaveMethod).map(([name, number]) => [number, name as EnclaveMethodName])
)

/** The enclave's code on a platform: every call decoded, answered by its handler, encoded. */
export function createEnclave(parts: EnclaveParts): EnclaveBackend {
  const enclave: Enclave = { ...parts, session: undefined, pendingImport: undefined }
  const handlers = createHandlers(enclave)

  async function answer<M extends EnclaveMethodName>(method: M, payload: Uint8Array): Promise<Uint8Array> {
    const { request, response } = enclaveCodecs[method]
    return response.encode(await handlers[method](decoded(request, payload)))
  }

  return {
    ...parts.platform,
    async call(method, payload) {
      const name = methodNames.get(method)
      if (name === undefined) throw enclaveError('ENCLAVE_BAD_REQUEST', `There is no call ${method}.`)
      return await answer(name, payload)
    },
    stop: () => parts.pool.stop()
  }
}

function decoded<T>(codec: { name: string; decode(bytes: Uint8Array): T }, payload: Uint8Array): T {
  try {
    return codec.decode(payload)
  } catch (cause) {
    throw enclaveError('ENCLAVE_BAD_REQUEST', `The request is not one ${codec.name}.`, cause)
  }
}
