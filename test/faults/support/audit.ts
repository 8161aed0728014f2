import { must } from '../row.ts'
import type { FaultNet } from './fault-net.ts'
import type { CountingLoad } from './load.ts'

/** Draws up the accounts of all loads, closes them, and checks that no grain is missing. Gives the figure as text. */
export async function audit(net: FaultNet, loads: readonly CountingLoad[]): Promise<string> {
  await afterwards(net, loads)
  const accounts = await Promise.all(loads.map(load => load.accounts()))
  for (const load of loads) load.close()
  const sum = { recorded: 0, verified: 0, refunded: 0, refused: 0 }
  for (const found of accounts)
    for (const key of ['recorded', 'verified', 'refunded', 'refused'] as const) sum[key] += found[key]
  must(sum.verified > 0, 'no task was verified: nothing was shown')
  const drift = await net.ledger.drift()
  must(drift === 0n, `Enigma holds ${drift} grains more than it owes`)
  return `lost 0, double 0 of ${sum.recorded} tasks (${sum.verified} verified, ${sum.refunded} refunded, ${sum.refused} refused before payment)`
}

/** Loads that run on see the network at work again, whatever was done to it: a task of one of them is verified. */
async function afterwards(net: FaultNet, loads: readonly CountingLoad[]): Promise<void> {
  if (!loads.some(load => load.running)) return
  await net.eventually('a verified task after the faults', async () => {
    const verified = await Promise.all(loads.map(load => load.verified()))
    return verified.some(tasks => tasks.length > 1) ? true : undefined // the first is the deployment
  })
}
