import { expect } from 'chai'
import type { Address } from '@enigma/protocol'
import { decidingCode } from '../../src/net/errors.ts'
import type { Peer } from '../../src/net/peer-network.ts'
import { SeatPeers } from '../../src/sync/seat-peers.ts'
import { addressOf } from '../memory-chain.ts'

const SIGNER = addressOf('alice enclave')
const alice: Peer = { peerId: 'alice', role: 'worker', operator: addressOf('alice'), signer: SIGNER, addresses: [] }

describe('sync/seat-peers', () => {
  let peers: Peer[]
  let lookUps: Address[]
  let comes: boolean
  beforeEach(() => {
    peers = []
    lookUps = []
    comes = true
  })

  const make = (againMs = 60_000): SeatPeers =>
    new SeatPeers(
      {
        peers: () => peers,
        async meet(signer) {
          lookUps.push(signer)
          await new Promise(resolve => setTimeout(resolve, 5))
          if (comes) peers.push(alice)
          return comes ? alice : null
        }
      },
      { againMs }
    )
  const codeOf = (meeting: Promise<Peer>): Promise<string> => meeting.then(() => 'met', decidingCode)

  it('looks up who is not connected, once for all who ask meanwhile', async () => {
    const seats = make()
    expect(seats.here(SIGNER)).to.equal(undefined)
    expect(await Promise.all([seats.meet(SIGNER), seats.meet(SIGNER)])).to.deep.equal([alice, alice])
    expect(await seats.meet(SIGNER)).to.equal(alice)
    expect([seats.here(SIGNER), lookUps]).to.deep.equal([alice, [SIGNER]])
  })

  it('does not look again at once for one that did not come, but takes it as soon as it is connected', async () => {
    comes = false
    const seats = make()
    expect([await codeOf(seats.meet(SIGNER)), await codeOf(seats.meet(SIGNER))]).to.deep.equal([
      'PEER_UNREACHABLE',
      'PEER_UNREACHABLE'
    ])
    expect(lookUps).to.have.lengthOf(1)
    peers.push(alice)
    expect(await seats.meet(SIGNER)).to.equal(alice)
    peers = []
    comes = true
    const soon = make(0)
    expect(await codeOf(soon.meet(SIGNER))).to.equal('met')
  })

  it('is content with those that are connected where the network cannot look anybody up', async () => {
    const seats = new SeatPeers({ peers: () => peers })
    expect(await codeOf(seats.meet(SIGNER))).to.equal('PEER_UNREACHABLE')
  })
})
