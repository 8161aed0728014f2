import { enclaveError } from '../errors.ts'
import type { Isolation } from '../backend.ts'

export interface Arguments {
  readonly sealedFolder: string
  readonly isolation: Isolation
}

/** `--sealed=FOLDER --isolation=bubblewrap|process-only`, nothing else. @throws ENCLAVE_BAD_REQUEST */
export function readArguments(args: readonly string[]): Arguments {
  const given = new Map(args.map(arg => [arg.split('=', 1)[0]!, arg.slice(arg.indexOf('=') + 1)]))
  const sealedFolder = given.get('--sealed')
  const isolation = given.get('--isolation')
  const known = args.length === 2 && given.size === 2 && args.every(arg => arg.includes('='))
  if (!known || !sealedFolder?.startsWith('/') || (isolation !== 'bubblewrap' && isolation !== 'process-only')) {
    throw enclaveError(
      'ENCLAVE_BAD_REQUEST',
      'Usage: enclave.mjs --sealed=/absolute/folder --isolation=bubblewrap|process-only, with the host at file descriptor 3.'
    )
  }
  return { sealedFolder, isolation }
}
