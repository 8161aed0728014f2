import { generateKeyPair } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { expect } from 'chai'
import { Dialer, type DialerInit } from '../../src/net/dialer.ts'
import { DEFAULT_LIMITS } from '../../src/net/limits.ts'
import { until } from './network-kit.ts'

const newPeerId = async (): Promise<string> => peerIdFromPrivateKey(await generateKeyPair('Ed25519')).toString()

describe('net/dialer', () => {
  let dialler: Dialer | undefined
  let dialled: string[]
  const connected = new Set<string>()
  afterEach(async () => {
    connected.clear()
    await dialler?.stop()
  })

  function start(bootstrap: readonly string[], options: Partial<DialerInit> = {}): Dialer {
    dialled = []
    dialler = new Dialer({
      self: 'me',
      bootstrap,
      limits: { ...DEFAULT_LIMITS, redialFirstMs: 100, redialMostMs: 400, maxKnownPeers: 4, wantedPeers: 2 },
      isConnected: peerId => connected.has(peerId),
      isBanned: () => false,
      hasEnough: () => connected.size >= 2,
      dial: addresses => {
        dialled.push(addresses.join())
        return Promise.reject(new Error('nobody there'))
      },
      ...options
    })
    dialler.start()
    return dialler
  }
  const times = (address: string): number => dialled.filter(one => one === address).length

  it('dials bootstrap nodes for ever, less and less often', async () => {
    const address = '/ip4/127.0.0.1/tcp/4001'
    let told = 0
    start([address], { onDial: () => told++ })
    await until('a fourth attempt', () => times(address) >= 4)
    const [before, at] = [times(address), performance.now()]
    await until('two more', () => times(address) >= before + 2)
    expect(performance.now() - at).to.be.greaterThan(350) // about 400 ms apart by now, less the spread
    expect(told, 'attempts that were told of, although all failed').to.equal(dialled.length)
  })

  it('gives up on hearsay, but not on a peer that was verified once', async () => {
    const [hearsay, friend] = [await newPeerId(), await newPeerId()]
    const [at, and] = [`/ip4/127.0.0.1/tcp/1/p2p/${hearsay}`, `/ip4/127.0.0.1/tcp/2/p2p/${friend}`]
    const dialer = start([])
    dialer.learnHearsay(hearsay, [at])
    dialer.learnVerified(friend, [and])
    await until('eight attempts', () => times(and) >= 8, 15_000)
    expect(times(at)).to.equal(6)
  })

  it('leaves peers in peace that are connected or banned, and seeks no more of them than it wants', async () => {
    const [here, banned, more] = [await newPeerId(), await newPeerId(), await newPeerId()]
    const bootstrap = '/ip4/127.0.0.1/tcp/4001'
    const dialer = start([bootstrap], { isBanned: peerId => peerId === banned })
    for (const peerId of [here, banned, more]) dialer.learnHearsay(peerId, [`/ip4/127.0.0.1/tcp/1/p2p/${peerId}`])
    connected.add(here).add('another')
    await until('bootstrap dialled all the same', () => times(bootstrap) >= 3)
    expect(new Set(dialled)).to.deep.equal(new Set([bootstrap]))
    connected.delete('another')
    await until('one more wanted', () => dialled.some(address => address.endsWith(more)))
    expect(dialled.some(address => address.endsWith(here) || address.endsWith(banned))).to.equal(false)
  })

  it('remembers a bounded number of peers, and hearsay goes first', async () => {
    const dialer = start(['/ip4/127.0.0.1/tcp/4001'])
    const friend = await newPeerId()
    dialer.learnVerified(friend, [`/ip4/127.0.0.1/tcp/1/p2p/${friend}`])
    const rumours = await Promise.all(Array.from({ length: 10 }, newPeerId))
    for (const peerId of rumours) dialer.learnHearsay(peerId, [`/ip4/127.0.0.1/tcp/2/p2p/${peerId}`])
    await until('many attempts', () => dialled.length >= 12)
    expect(new Set(dialled).size).to.equal(4)
    expect(dialled.some(address => address.endsWith(friend))).to.equal(true)
  })

  it('leads at most half of the wanted connections into one network, unless it is loopback', async () => {
    const peers = await Promise.all(Array.from({ length: 8 }, newPeerId))
    const limits = { ...DEFAULT_LIMITS, redialFirstMs: 60_000, maxKnownPeers: 64, wantedPeers: 4 }
    const dialed = new Set<string>()
    start([], {
      limits,
      dial: addresses => {
        const peerId = peers.find(id => addresses.join().includes(id))!
        dialed.add(addresses.join().split('/')[2]!)
        connected.add(peerId)
        return Promise.resolve(peerId)
      },
      hasEnough: () => false // so that only the network decides
    })
    peers.slice(0, 4).forEach((id, i) => dialler!.learnHearsay(id, [`/ip4/10.1.2.${i}/tcp/1/p2p/${id}`]))
    dialler!.learnHearsay(peers[4]!, [`/ip4/10.1.3.1/tcp/1/p2p/${peers[4]!}`])
    peers.slice(5).forEach((id, i) => dialler!.learnHearsay(id, [`/ip4/127.0.0.${i + 1}/tcp/1/p2p/${id}`]))
    await until('dialled', () => dialed.size === 6)
    await new Promise(resolve => setTimeout(resolve, 300))
    expect([...dialed].sort()).to.deep.equal([
      '10.1.2.0',
      '10.1.2.1',
      '10.1.3.1',
      '127.0.0.1',
      '127.0.0.2',
      '127.0.0.3'
    ])
  })

  it('dials no faster than its limit', async () => {
    const peers = await Promise.all(Array.from({ length: 40 }, newPeerId))
    const limits = { ...DEFAULT_LIMITS, maxKnownPeers: 64, dialsPerSecond: 1, dialBurst: 5, redialFirstMs: 60_000 }
    start([], { limits })
    for (const id of peers) dialler!.learnHearsay(id, [`/ip4/127.0.0.1/tcp/1/p2p/${id}`])
    await until('dialled', () => dialled.length >= 5)
    await new Promise(resolve => setTimeout(resolve, 500))
    expect(dialled.length).to.be.within(5, 8)
  })

  it('dials a bootstrap node where the settings have it, whatever it says of itself', async () => {
    const peerId = await newPeerId()
    const configured = `/dns4/boot.example/tcp/10300/p2p/${peerId}`
    const own = `/ip4/172.18.0.2/tcp/10300/p2p/${peerId}`
    const dialer = start([configured])
    connected.add(peerId).add('another')
    dialer.learnVerified(peerId, [own])
    connected.delete(peerId)
    connected.add('a third')
    dialled.length = 0
    await until('dialled', () => dialled.length >= 2)
    expect(new Set(dialled)).to.deep.equal(new Set([`${configured},${own}`]))
  })

  it('tries where a peer is said to be now, in turn with where it was: what others say must not keep it from there', async () => {
    const friend = await newPeerId()
    const [before, now] = [1, 2].map(port => `/ip4/127.0.0.1/tcp/${port}/p2p/${friend}`)
    const dialer = start([])
    dialer.learnVerified(friend, [before!])
    await until('missed', () => times(before!) >= 1)
    dialer.learnHearsay(friend, [now!])
    await until('tried', () => times(now!) >= 2 && times(before!) >= 3)
    expect(new Set(dialled)).to.deep.equal(new Set([before, now]))
  })

  it('pauses longer and longer when its connections end as soon as they are made, and begins anew after one that lasted', async () => {
    const peerId = await newPeerId()
    const limits = { ...DEFAULT_LIMITS, redialFirstMs: 50, redialMostMs: 60_000, steadyMs: 1_000 }
    let lasting = false
    let dials = 0
    const dialer = start([], {
      limits,
      dial: () => {
        dials += 1
        connected.add(peerId)
        dialer.learnVerified(peerId, [])
        if (!lasting) setImmediate(() => connected.delete(peerId)) // believed, and sent away all the same
        return Promise.resolve(peerId)
      }
    })
    dialer.learnVerified(peerId, [`/ip4/127.0.0.1/tcp/1/p2p/${peerId}`])
    await new Promise(resolve => setTimeout(resolve, 2_000))
    expect(dials).to.be.within(2, 6) // after about 50, 100, 200, 400 and 800 ms, each as much later as it takes to be noticed
    lasting = true
    await until('connected', () => connected.size === 1)
    await new Promise(resolve => setTimeout(resolve, limits.steadyMs + 200))
    const before = dials
    connected.delete(peerId)
    await until('dialled at once', () => dials > before, 1_000)
  })

  it('dials at once whom it needs, however long it was away', async () => {
    const friend = await newPeerId()
    const address = `/ip4/127.0.0.1/tcp/1/p2p/${friend}`
    const dialer = start([], { limits: { ...DEFAULT_LIMITS, redialFirstMs: 60_000, redialMostMs: 60_000 } })
    dialer.learnHearsay(friend, [address])
    await until('missed', () => times(address) === 1)
    dialer.seek(friend, [address])
    await until('dialled again', () => times(address) === 2)
  })

  it('tries everybody in turn: those that are gone do not keep it from those that it hears of', async () => {
    const [gone, rumour] = [await Promise.all(Array.from({ length: 20 }, newPeerId)), await newPeerId()]
    const limits = { ...DEFAULT_LIMITS, maxKnownPeers: 64, redialFirstMs: 50, redialMostMs: 50, dialsPerSecond: 20, dialBurst: 1 } // prettier-ignore
    const dialer = start([], { limits })
    for (const id of gone) dialer.learnVerified(id, [`/ip4/127.0.0.1/tcp/1/p2p/${id}`])
    await until('all tokens are spoken for', () => dialled.length >= 20)
    dialer.learnHearsay(rumour, [`/ip4/127.0.0.1/tcp/2/p2p/${rumour}`])
    await until('heard of, and dialled', () => times(`/ip4/127.0.0.1/tcp/2/p2p/${rumour}`) >= 1, 3_000)
  })
})
