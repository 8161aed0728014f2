import { expect } from 'chai'
import {
  EnigmaError,
  TaskKind,
  ZERO_HASH,
  codeHashOf,
  envelopeHashOf,
  outputHashOf,
  sealEnvelope,
  signDigest,
  typedDigest,
  utf8,
  x25519Pair,
  type Address,
  type EnvelopeTarget,
  type QueryAnswer,
  type SignedQuery,
  type SignedQueryAnswer
} from '@enigma/protocol'
import { WorkerError } from '../../src/errors.ts'
import { decidingCode } from '../../src/net/errors.ts'
import type { Libp2pNetwork } from '../../src/net/libp2p-network.ts'
import { createQueryRelay, type QueryRelay } from '../../src/sync/query-relay.ts'
import { MemoryChain, addressOf, asScAddr, hashOf, keyOf } from '../memory-chain.ts'
import { Running, makeNetwork, quiet, seesAll, until } from '../net/network-kit.ts'

const C = asScAddr('contract')
const codeOf = (promise: Promise<unknown>): Promise<string> => promise.then(() => 'none', decidingCode)

interface Node {
  readonly name: string
  readonly signer: Address
  readonly network: Libp2pNetwork
  readonly relay: QueryRelay
  asked: number
  /** What its enclave does; default: a true answer. */
  act: (query: SignedQuery) => SignedQueryAnswer
}

describe('sync/query-relay', () => {
  const running = new Running()
  let chain: MemoryChain
  let bootstrap: readonly string[]
  let nodes: Map<string, Node>

  beforeEach(async () => {
    chain = new MemoryChain()
    for (const name of ['alice', 'bob', 'carol', 'entry']) chain.register(name)
    for (let i = 0; ; i++) {
      chain.startEpoch(['alice', 'bob', 'carol'], hashOf(`mix ${i}`))
      if (new Set(chain.seats(chain.currentEpoch()!.epoch, C).map(leaf => leaf.signer)).size === 3) break
    }
    chain.deploy(C, codeHashOf(utf8('the bytecode')))
    bootstrap = []
    nodes = new Map()
    for (const name of ['entry', 'alice', 'bob', 'carol']) nodes.set(name, await makeNode(name))
    await until('all know all', () => [...nodes.values()].every(node => seesAll(node.network, 3)()))
  })
  afterEach(() => running.stop())

  async function makeNode(name: string): Promise<Node> {
    const signer = addressOf(`${name} enclave`)
    const network = await makeNetwork(chain, name, { bootstrap })
    const node: Node = {
      name,
      signer,
      network,
      asked: 0,
      act: query => answerOf(query, `${name} enclave`),
      relay: createQueryRelay({
        network,
        chain,
        seat: {
          answer: query => {
            node.asked += 1
            return Promise.resolve().then(() => node.act(query))
          }
        },
        signer: () => signer,
        log: quiet,
        seatTimeoutMs: 2_000
      })
    }
    await running.start(network)
    bootstrap = [...bootstrap, ...network.multiaddrs()]
    return node
  }

  function answerOf(query: SignedQuery, signer: string, change: Partial<QueryAnswer> = {}): SignedQueryAnswer {
    const result = utf8('ciphertext')
    const answer: QueryAnswer = {
      envelopeHash: envelopeHashOf(query.envelope),
      outputHash: outputHashOf(result),
      scAddr: C,
      deltaCount: 1,
      headHash: hashOf('head'),
      block: 100,
      ...change
    }
    return { answer, signature: signDigest(typedDigest(chain.facts, 'QueryAnswer', answer), keyOf(signer)), result }
  }

  function queryOf(change: Partial<EnvelopeTarget> = {}, names = ['alice', 'bob', 'carol']): SignedQuery {
    const { chainId, enigma } = chain.facts
    const target: EnvelopeTarget = {
      chainId,
      enigma,
      kind: TaskKind.query,
      scAddr: C,
      codeHash: ZERO_HASH,
      sender: addressOf('user'),
      epoch: chain.currentEpoch()!.epoch,
      ...change
    }
    const recipients = names.map(name => ({
      signer: addressOf(`${name} enclave`),
      key: x25519Pair(keyOf(`${name} epoch key`)).publicKey
    }))
    const { envelope } = sealEnvelope(target, recipients, utf8('call'))
    return { envelope, notAfter: 2_000_000_000, signature: new Uint8Array(65) }
  }

  const seatsInOrder = (): Node[] => {
    const signers = [...new Set(chain.seats(chain.currentEpoch()!.epoch, C).map(leaf => leaf.signer))]
    return signers.map(signer => [...nodes.values()].find(node => node.signer === signer)!)
  }
  const entry = (): Node => nodes.get('entry')!
  const refusal = (code: string) => (): never => {
    throw new EnigmaError({ code }, `no: ${code}`)
  }

  it('brings a query to the first seat, and its answer back as it is', async () => {
    const query = queryOf()
    const [first, ...others] = seatsInOrder()
    expect(await entry().relay.query(query)).to.deep.equal(first!.act(query))
    expect(first!.asked).to.equal(1)
    expect(others.map(node => node.asked)).to.deep.equal([0, 0])
    expect(entry().asked).to.equal(0)
  })

  it('asks its own enclave where it holds the seat', async () => {
    const [first] = seatsInOrder()
    await first!.relay.query(queryOf())
    expect(first!.asked).to.equal(1)
  })

  it('goes to the next seat when one is behind, busy, without the key, or not there', async () => {
    const [first, second, third] = seatsInOrder() as [Node, Node, Node]
    first.act = refusal('WORKER_BEHIND')
    second.act = () => {
      throw new WorkerError({ code: 'ENCLAVE_REFUSED', method: 'query', reason: 'ENCLAVE_NO_STATE_KEY' }, 'no key')
    }
    const { answer } = await entry().relay.query(queryOf())
    expect(answer.envelopeHash).to.be.a('string')
    expect([first.asked, second.asked, third.asked]).to.deep.equal([1, 1, 1])
    await first.network.stop()
    second.act = refusal('ENCLAVE_BUSY')
    await until('it is gone', () => entry().network.peers().length === 2)
    await entry().relay.query(queryOf())
    expect(third.asked).to.equal(2)
  })

  it('asks only seats that the query is encrypted to', async () => {
    const [, , third] = seatsInOrder() as [Node, Node, Node]
    await entry().relay.query(queryOf({}, [third.name]))
    expect(seatsInOrder().map(node => node.asked)).to.deep.equal([0, 0, 1])
    expect(await codeOf(entry().relay.query(queryOf({}, ['entry'])))).to.equal('NO_SEAT_REACHABLE')
  })

  it('says why no seat answered, as the seats tell it: behind first, then what they refuse, then that their keys are others', async () => {
    const seats = seatsInOrder() as [Node, Node, Node]
    const said = async (...codes: [string, string, string]): Promise<string> => {
      for (const [i, code] of codes.entries()) seats[i]!.act = refusal(code)
      return codeOf(entry().relay.query(queryOf()))
    }
    expect(await said('WORKER_BEHIND', 'WORKER_BEHIND', 'WORKER_BEHIND')).to.equal('WORKER_BEHIND')
    expect(await said('ENCLAVE_BUSY', 'WORKER_BEHIND', 'INPUT_NOT_FOR_SEAT')).to.equal('WORKER_BEHIND')
    expect(await said('INPUT_NOT_FOR_SEAT', 'PEER_BUSY', 'ENCLAVE_BUSY')).to.equal('ENCLAVE_BUSY')
    expect(await said('INPUT_NOT_FOR_SEAT', 'INPUT_NOT_FOR_SEAT', 'INPUT_NOT_FOR_SEAT')).to.equal('INPUT_NOT_FOR_SEAT')
    expect(await said('PEER_BUSY', 'INTERNAL', 'PEER_BUSY')).to.equal('NO_SEAT_REACHABLE')
    seats[0].act = refusal('INPUT_NOT_FOR_SEAT')
    await Promise.all([seats[1].network.stop(), seats[2].network.stop()])
    await until('two are gone', () => entry().network.peers().length === 1)
    expect(await codeOf(entry().relay.query(queryOf()))).to.equal('INPUT_NOT_FOR_SEAT')
    await seats[0].network.stop()
    await until('all are gone', () => entry().network.peers().length === 0)
    expect(await codeOf(entry().relay.query(queryOf()))).to.equal('NO_SEAT_REACHABLE')
  })

  it('does not carry a query that was refused for itself to every seat', async () => {
    const [first, second] = seatsInOrder() as [Node, Node]
    first.act = refusal('ENCLAVE_QUERY_REFUSED')
    expect(await codeOf(entry().relay.query(queryOf()))).to.equal('ENCLAVE_QUERY_REFUSED')
    expect(second.asked).to.equal(0)
  })

  it('refuses what is no query of this network before it asks anybody', async () => {
    const cases: [SignedQuery, string][] = [
      [{ ...queryOf(), envelope: utf8('not an envelope') }, 'ENVELOPE_MALFORMED'],
      [queryOf({ kind: TaskKind.compute }), 'ENVELOPE_MALFORMED'],
      [queryOf({ chainId: 5n }), 'ENVELOPE_MALFORMED'],
      [queryOf({ scAddr: asScAddr('nowhere') }), 'SC_UNKNOWN'],
      [queryOf({ epoch: chain.currentEpoch()!.epoch + 3 }), 'EPOCH_STALE']
    ]
    for (const [query, code] of cases) expect(await codeOf(entry().relay.query(query)), code).to.equal(code)
    expect([...nodes.values()].map(node => node.asked)).to.deep.equal([0, 0, 0, 0])
  })

  it('believes no seat that answers another query, or for another enclave; the next one is asked', async () => {
    const [first, second, third] = seatsInOrder() as [Node, Node, Node]
    first.act = query => answerOf(query, `${first.name} enclave`, { envelopeHash: hashOf('another') })
    second.act = query => answerOf(query, 'somebody else')
    const query = queryOf()
    expect(await entry().relay.query(query)).to.deep.equal(third.act(query))
  })
})
