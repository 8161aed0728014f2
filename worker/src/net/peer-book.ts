import { asError } from '@enigma/protocol'
import { jsonPart, type Database } from '../ops/database.ts'
import type { Logger } from '../ops/log.ts'
import { usableAddresses } from './addresses.ts'
import type { KnownPeer } from './dialer.ts'

/** Enough to find the network again when every bootstrap node is gone. */
const MAX_NOTED = 256

export interface PeerBook {
  /** As they stood at the last stop. */
  readonly known: readonly KnownPeer[]
  readonly note: (peer: KnownPeer) => void
}

/** Addresses of peers that were verified once, on disk: a restarted node needs no bootstrap node. */
export async function openPeerBook(db: Database, log: Logger): Promise<PeerBook> {
  const part = jsonPart<{ addresses: readonly string[]; at: number }>(db, 'peer')
  const found = await part.iterator().all()
  const recent = found.toSorted(([, a], [, b]) => b.at - a.at)
  const noted = new Map(recent.slice(0, MAX_NOTED).map(([peerId, { addresses }]) => [peerId, addresses]))
  const failed = (err: unknown): void => log.debug('A peer was not noted', { error: asError(err).message })
  const forget = (peerId: string): void => {
    noted.delete(peerId)
    part.del(peerId).catch(failed)
  }
  for (const [peerId] of recent.slice(MAX_NOTED)) forget(peerId)
  return {
    known: [...noted].map(([peerId, addresses]) => ({ peerId, addresses: usableAddresses(addresses, peerId) })),
    note({ peerId, addresses }) {
      if (addresses.length === 0) return
      noted.delete(peerId)
      noted.set(peerId, addresses) // a Map keeps insertion order: the first is the one not seen for the longest time
      part.put(peerId, { addresses, at: Date.now() }).catch(failed)
      if (noted.size > MAX_NOTED) forget([...noted.keys()][0]!)
    }
  }
}
