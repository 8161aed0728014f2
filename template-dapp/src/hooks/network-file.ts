/** Where a network is and how to speak to it: what `./launch.sh` serves at /network.json beside the page. */
export interface NetworkFile {
  /** Address of the Enigma contract. */
  readonly enigma: string
  readonly chainId: number
  /** An Ethereum node that the page may read from; wallets bring their own. */
  readonly chainUrl: string
  /** JSON-RPC of workers. */
  readonly rpc: readonly string[]
  readonly mode: 'simulation'
  /** Accounts of a test network whose keys everybody knows. Absent elsewhere. */
  readonly testAccounts?: readonly TestAccount[]
}

export interface TestAccount {
  readonly address: string
  readonly privateKey: string
}

/** @throws an Error in a sentence when the page is served without a network. */
export async function loadNetworkFile(signal?: AbortSignal): Promise<NetworkFile> {
  const response = await fetch('/network.json', { cache: 'no-store', signal })
  const isJson = response.headers.get('content-type')?.includes('json') ?? false
  if (!response.ok || !isJson) {
    throw new Error(
      'The page does not know where the network is: there is no /network.json. Start one with ./launch.sh -s.'
    )
  }
  return (await response.json()) as NetworkFile
}
