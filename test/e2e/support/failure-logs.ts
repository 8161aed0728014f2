import type { Devnet } from '@enigma/devnet'

/** After a test that failed: the last lines of every process of its network. */
export function showLogsOfFailures(devnet: () => Devnet | undefined, lines = 25): void {
  afterEach(function () {
    if (this.currentTest?.state !== 'failed') return
    const network = devnet()
    for (const { name } of network?.processes() ?? []) console.error(network!.logs(name).slice(-lines).join('\n'))
  })
}
