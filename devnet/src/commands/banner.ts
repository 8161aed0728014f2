import { serveAddress } from '../address-page.ts'
import type { Devnet } from '../devnet.ts'
import type { DevnetPorts } from '../ports.ts'

export const simulationWarning =
  'SIMULATION: the enclaves of this network are ordinary processes. They protect nothing against whoever runs this machine.'

/** The two pages that show the contracts' addresses, as text. */
export interface Pages {
  readonly enigma: string
  readonly token: string
  close(): Promise<void>
}

export async function openPages({ enigma, token }: Devnet, ports: DevnetPorts): Promise<Pages> {
  const enigmaPage = await serveAddress(ports.enigmaPage, enigma)
  const tokenPage = await serveAddress(ports.tokenPage, token)
  const close = async (): Promise<void> => void (await Promise.all([enigmaPage.close(), tokenPage.close()]))
  return { enigma: enigmaPage.url, token: tokenPage.url, close }
}

/** What a person needs to use the network; the last line starts with READY and names every URL. */
export async function readyLines(devnet: Devnet, pages: Pages): Promise<string[]> {
  const { chainUrl, chainId, enigma, token, workers, principal, logDir, epochSize, dappUrl } = devnet
  const { isolation } = await principal.status()
  const urls = [
    ...(dappUrl === undefined ? [] : [`dApp ${dappUrl}`]),
    `chain ${chainUrl}`,
    ...workers.map(({ name, httpUrl }) => `${name} ${httpUrl}`),
    `principal ${principal.httpUrl}`,
    `enigma-address ${pages.enigma}`,
    `token-address ${pages.token}`
  ]
  return [
    `Enigma ${enigma}  ENG ${token}  chain id ${chainId}  epochs of ${epochSize} blocks`,
    `Logs: ${logDir}`,
    ...(isolation === 'process-only'
      ? ['Isolation of the enclaves: process-only. Install bubblewrap for namespaces of their own.']
      : []),
    ...(dappUrl === undefined ? [] : [`Open the template dApp in a browser: ${dappUrl}`]),
    simulationWarning,
    `READY  ${urls.join('  ')}`
  ]
}
