import { createEnigmaClient, type EnigmaClient } from 'enigma-js'
import { useEffect } from 'react'
import { loadNetworkFile } from './network-file.ts'

const EVERY_MS = 2_000

/**
 * A test network that was started anew is another one, with other contracts, even at the same addresses. While the network does not
 * answer, this looks for one in its place; when there is one, the page starts anew, with the account that was chosen.
 */
export function useRenewal(client: EnigmaClient | null, isAway: boolean): void {
  useEffect(() => {
    if (client === null || !isAway) return
    const stop = new AbortController()
    const look = async (): Promise<void> => {
      const deployment = await deploymentNow(stop.signal).catch(() => null) // nothing there yet
      if (stop.signal.aborted) return
      if (deployment !== null && deployment !== client.info.deploymentBlockHash) return location.reload()
      timer = setTimeout(() => void look(), EVERY_MS)
    }
    let timer = setTimeout(() => void look(), EVERY_MS)
    return () => {
      stop.abort()
      clearTimeout(timer)
    }
  }, [client, isAway])
}

async function deploymentNow(signal: AbortSignal): Promise<string> {
  const { enigma, rpc, mode, chainUrl } = await loadNetworkFile(signal)
  const client = await createEnigmaClient({ chainUrl, network: { enigma, rpc, mode } })
  client.close()
  return client.info.deploymentBlockHash
}
