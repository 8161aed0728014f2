import type { Enclave } from './enclave.ts'

/** Told of every call that ended, well or not. */
export type OnEnclaveCall = (method: string, ok: boolean, ms: number) => void

/** The same enclave, with its calls timed. */
export function timedEnclave(enclave: Enclave, onCall: OnEnclaveCall): Enclave {
  return {
    get identity() {
      return enclave.identity
    },
    get generation() {
      return enclave.generation
    },
    get isolation() {
      return enclave.isolation
    },
    get pid() {
      return enclave.pid
    },
    async call(method, request, options) {
      const begun = performance.now()
      try {
        const answer = await enclave.call(method, request, options)
        onCall(method, true, performance.now() - begun)
        return answer
      } catch (error) {
        onCall(method, false, performance.now() - begun)
        throw error
      }
    },
    onRestart: callback => enclave.onRestart(callback)
  }
}
