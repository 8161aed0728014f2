import { expect } from 'chai'
import { codeOf, signDigest, typedDigest, type EpochKeyRecord, type Key32 } from '@enigma/protocol'
import { ask, keyCalls } from '../../src/net/calls.ts'
import type { Libp2pNetwork } from '../../src/net/libp2p-network.ts'
import { PeerKeyExchange } from '../../src/sync/key-exchange.ts'
import { MemoryChain, addressOf, hashOf, keyOf } from '../memory-chain.ts'
import { Running, makeNetwork, quiet, seesAll, until } from '../net/network-kit.ts'

interface Node {
  readonly network: Libp2pNetwork
  readonly keys: PeerKeyExchange
}

describe('sync/key-exchange', () => {
  const running = new Running()
  let chain: MemoryChain
  let bootstrap: readonly string[]

  beforeEach(() => {
    chain = new MemoryChain()
    for (const name of ['alice', 'bob', 'carol']) chain.register(name)
    chain.startEpoch()
    bootstrap = []
  })
  afterEach(() => running.stop())

  async function makeNode(name: string): Promise<Node> {
    const network = await makeNetwork(chain, name, { bootstrap })
    const keys = new PeerKeyExchange({ network, chain, log: quiet })
    await running.start(network)
    await running.start(keys)
    if (bootstrap.length === 0) bootstrap = network.multiaddrs()
    return { network, keys }
  }

  const record = (name: string, epoch = 1, salt = '', signedBy = name): EpochKeyRecord => {
    const key = hashOf(`${name} ${epoch} ${salt}`) as string as Key32
    const digest = typedDigest(chain.facts, 'EncryptionKey', { epoch, key })
    return {
      signer: addressOf(`${name} enclave`),
      epoch,
      key,
      signature: signDigest(digest, keyOf(`${signedBy} enclave`))
    }
  }
  const signersOf = ({ keys }: Node, epoch = 1): string[] => [...keys.keysFor(epoch).keys()]

  it('pushes a key to all peers, and gives it to those who connect later', async () => {
    const alice = await makeNode('alice')
    const bob = await makeNode('bob')
    await until('connected', () => seesAll(alice.network, 1)() && seesAll(bob.network, 1)())
    await alice.keys.publish(record('alice'))
    expect(signersOf(bob)).to.deep.equal([addressOf('alice enclave')])

    const carol = await makeNode('carol')
    await until('told', () => signersOf(carol).length === 1)
    expect(carol.keys.keysFor(1).get(addressOf('alice enclave'))).to.deep.equal(record('alice'))
  })

  it('asks for a key that is missing, and waits for it no longer than it is told', async () => {
    const alice = await makeNode('alice')
    const bob = await makeNode('bob')
    await until('connected', () => seesAll(alice.network, 1)() && seesAll(bob.network, 1)())
    const wanted = [addressOf('alice enclave')]
    await bob.keys.request(1, wanted, 150) // nobody has it
    expect(signersOf(bob)).to.deep.equal([])

    await alice.keys.publish(record('alice', 2))
    const carol = await makeNode('carol')
    await carol.keys.request(2, wanted, 3_000)
    expect(carol.keys.keysFor(2).has(wanted[0]!)).to.equal(true)
    await carol.keys.request(2, wanted, 3_000) // known: at once
  })

  it('takes no key that is not signed by its enclave, of an unknown enclave, or of a distant epoch', async () => {
    const alice = await makeNode('alice')
    const bob = await makeNode('bob')
    await until('connected', () => seesAll(alice.network, 1)() && seesAll(bob.network, 1)())
    const tell = (...keys: EpochKeyRecord[]): Promise<unknown> =>
      ask(bob.network, alice.network, keyCalls.exchange, { epoch: 1, keys })

    await tell(record('stranger'), record('carol', 3), record('carol', 99))
    expect([signersOf(alice), signersOf(alice, 3), signersOf(alice, 99)]).to.deep.equal([[], [], []])
    await tell(record('carol', 1, '', 'bob'), record('bob')) // a forged one: the rest is not read
    expect(signersOf(alice)).to.deep.equal([])
    expect(await bob.keys.publish(record('bob', 1, '', 'carol')).catch(codeOf)).to.equal('KEY_REFUSED')
    await tell(record('carol'))
    expect(signersOf(alice)).to.deep.equal([addressOf('carol enclave')])
  })

  it('lets only the enclave itself replace its key', async () => {
    const alice = await makeNode('alice')
    const bob = await makeNode('bob')
    const carol = await makeNode('carol')
    for (const { network } of [alice, bob, carol]) await until('connected', seesAll(network, 2))
    const lost = record('carol', 1, 'lost'),
      fresh = record('carol', 1, 'fresh')
    await carol.keys.publish(lost)
    await carol.keys.publish(fresh)
    const held = (): unknown => alice.keys.keysFor(1).get(fresh.signer)?.key
    expect(held()).to.equal(fresh.key)
    await ask(bob.network, alice.network, keyCalls.exchange, { epoch: 1, keys: [lost] })
    expect(held()).to.equal(fresh.key)
  })

  it('forgets epochs that are over', async () => {
    const alice = await makeNode('alice')
    await alice.keys.publish(record('alice'))
    chain.startEpoch()
    chain.startEpoch()
    await alice.keys.publish(record('alice', 3))
    expect([signersOf(alice, 1).length, signersOf(alice, 3).length]).to.deep.equal([0, 1])
  })
})
