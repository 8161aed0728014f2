import type { Artifact, SecretContractAbi } from 'enigma-js'
import { compiled } from './compiled.ts'

const SOURCE = `import { state, u256 } from '@enigma/sdk'

export function constructor(): void {
  state.set<u256>('n', u256.zero)
}

export function next(): u256 {
  const n = state.get<u256>('n') + u256.one
  state.set<u256>('n', n)
  return n
}

@view
export function current(): u256 {
  return state.get<u256>('n')
}
`

let made: Promise<Artifact<SecretContractAbi>> | undefined

/** A contract that counts: `next()` adds one to its secret state and returns it; `current()` reads it. */
export const counterContract = (): Promise<Artifact<SecretContractAbi>> => (made ??= compiled('counter', SOURCE))
