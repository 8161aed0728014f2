import type { Row } from '../row.ts'
import { replayPeers } from '../support/peer-replay.ts'
import { replayRpc } from '../support/rpc-replay.ts'

/** What peers and clients once said is said again, by others and later: hellos, pushed deltas, gossiped results; inputs, deployments, queries. */
export const row: Row = {
  number: 38,
  name: 'replay of old announces and calls',
  lane: 'devnet',
  times: { core: 2, full: 50, campaign: 10_000 },
  minutes: 2,
  async run({ network, random, times, say }) {
    const peers = await replayPeers(times)
    say(JSON.stringify(peers))
    const calls = await replayRpc(await network(), times, random)
    return `effects 0: what the victim keeps, whom it knows and the chain are the same after ${told(peers)}; ${told(calls)}`
  }
}

const told = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .map(([what, times]) => `${what} ${times}`)
    .join(', ')
