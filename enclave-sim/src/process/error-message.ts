import { EnigmaError, printable, type EnclaveErrorMessage } from '@enigma/protocol'
import { traceOf, type Log } from '../log.ts'

const MAX_TEXT = 500

/** How an error leaves the enclave: our own by code and sentence, which hold no secret; anything else without its text. */
export function errorMessage(error: unknown, method: number, log: Log): EnclaveErrorMessage {
  if (error instanceof EnigmaError) return { code: error.code, message: printable(error.message, MAX_TEXT) }
  log('error', 'unexpected', { method, trace: traceOf(error) })
  return { code: 'ENCLAVE_INTERNAL', message: 'The enclave met a fault of its own; its log says where.' }
}
