import {
  TestNetwork,
  startHost,
  startPrincipal,
  startWorker,
  temporaryFolder,
  type HostedEnclave
} from '@enigma/enclave-sim/testing'
import { address } from '@enigma/protocol'

/** A principal's and workers' real enclave processes, over a chain of plain values. */
export async function enclaveNetwork(
  workers: number
): Promise<{ net: TestNetwork<HostedEnclave>; stop(): Promise<void> }> {
  const cleanups: (() => unknown)[] = []
  const host = async (): Promise<HostedEnclave> => {
    const folder = temporaryFolder()
    cleanups.push(folder.remove)
    const started = await startHost({ sealedFolder: folder.path })
    cleanups.push(() => started.stop())
    return started
  }
  const principal = await startPrincipal(await host())
  const members = []
  for (let i = 0; i < workers; i++) {
    members.push(await startWorker(await host(), principal, address(`0x${`b${i}`.repeat(20)}`)))
  }
  return {
    net: new TestNetwork(principal, members),
    async stop() {
      for (const clean of cleanups.reverse()) await clean()
    }
  }
}
