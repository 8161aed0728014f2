import type { EnigmaClient } from 'enigma-js'
import { useCallback, useMemo, useState } from 'react'
import { problemOf, type Problem } from './problem.ts'

/** A class that `enigma compile --types` made. */
export interface ContractClass<C> {
  at(client: EnigmaClient, scAddr: string): C
}

export interface ContractControls<C> {
  readonly scAddr: string | null
  /** With the account's methods; null until there are an account and an address. */
  readonly contract: C | null
  readonly problem: Problem | null
  /** Uses the contract at this address from now on, after a reload too. */
  attach(scAddr: string): void
  forget(): void
}

/** The secret contract that this page works with, remembered under `key` for this network. */
export function useContract<C>(
  client: EnigmaClient | null,
  { at }: ContractClass<C>,
  key: string
): ContractControls<C> {
  // Another deployment of Enigma is another network: its contracts are others.
  const place = client === null ? null : `${key}/${client.chainId}/${client.info.deploymentBlockHash}`
  const [changed, setChanged] = useState(0)
  const scAddr = useMemo(() => (place === null ? null : localStorage.getItem(place)), [place, changed])

  const attach = useCallback(
    (address: string) => {
      if (place !== null) localStorage.setItem(place, address.trim().toLowerCase())
      setChanged(count => count + 1)
    },
    [place]
  )
  const forget = useCallback(() => {
    if (place !== null) localStorage.removeItem(place)
    setChanged(count => count + 1)
  }, [place])

  const [contract, problem] = useMemo((): [C | null, Problem | null] => {
    if (client === null || scAddr === null) return [null, null]
    try {
      return [at(client, scAddr), null]
    } catch (error) {
      return [null, problemOf(error)]
    }
  }, [client, scAddr, at])
  return { scAddr, contract, problem, attach, forget }
}
