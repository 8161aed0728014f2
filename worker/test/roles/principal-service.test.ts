import { expect } from 'chai'
import { chainViewRequest, codeOf, type AnswerChainViewRequest, type SignedChainViewRequest } from '@enigma/protocol'
import type { Enclave } from '../../src/enclave/enclave.ts'
import { principalCalls } from '../../src/net/calls.ts'
import type { Peer, PeerHandler, PeerNetwork } from '../../src/net/peer-network.ts'
import { createStatusBoard } from '../../src/ops/status-board.ts'
import { servePrincipal } from '../../src/roles/principal-service.ts'
import { MemoryChain, addressOf, asScAddr, hashOf } from '../memory-chain.ts'

describe('roles/principal-service: the protocol', () => {
  const scAddr = asScAddr('contract')
  const alice = addressOf('alice enclave')
  const signal = new AbortController().signal
  let chain: MemoryChain
  let handler: PeerHandler
  let given: AnswerChainViewRequest[]

  beforeEach(() => {
    chain = new MemoryChain()
    chain.register('alice')
    chain.startEpoch()
    chain.deploy(scAddr, hashOf('code'))
    given = []
    const enclave = {
      call(_method: string, request: AnswerChainViewRequest) {
        given.push(request)
        return Promise.resolve({ view: request.view, signature: new Uint8Array(65), grants: new Uint8Array() })
      }
    } as unknown as Enclave
    const network = {
      handle: (_: string, handlers: Record<number, PeerHandler>) =>
        (handler = handlers[principalCalls.chainView.method]!)
    } as unknown as PeerNetwork
    const attested = () => Promise.reject(new Error('not asked'))
    servePrincipal({ chain, enclave, network, board: createStatusBoard(), attested })
  })

  const ask = (minBlock: number, signer = alice, from = alice): Promise<Uint8Array> => {
    const request = chainViewRequest.encode({ nonce: hashOf('nonce'), minBlock, contracts: [{ scAddr, taskIds: [] }] })
    const signed: SignedChainViewRequest = { request, signer, signature: new Uint8Array(65) }
    return handler(principalCalls.chainView.request.encode(signed), { signer: from, peerId: 'p' } as Peer, signal)
  }

  it('gives its enclave the view, the registered evidence and the seats of the asker', async () => {
    await ask(chain.head().number)
    const [request] = given
    expect(request!.asker).to.deep.equal(chain.workerBySigner(alice)!.attested)
    expect(request!.view).to.include({ nonce: hashOf('nonce'), block: chain.head().number, epoch: 1 })
    expect(request!.claims).to.have.length(1)
  })

  it('waits for the block that is asked for', async () => {
    const answer = ask(chain.head().number + 1)
    await new Promise(done => setTimeout(done, 20))
    expect(given).to.deep.equal([])
    chain.mine()
    await answer
    expect(given[0]!.view.block).to.equal(chain.head().number)
  })

  it('says that it is behind, after two seconds, or at once for a block far ahead', async () => {
    const told: string[] = []
    const askFor = async (block: string, ahead: number): Promise<void> => {
      const code = await ask(chain.head().number + ahead).then(() => 'answered', codeOf)
      told.push(`${block}: ${code}`)
    }
    await Promise.all([askFor('next', 1), askFor('far', 1_000)])
    expect(told).to.deep.equal(['far: CHAIN_BEHIND', 'next: CHAIN_BEHIND'])
  })

  it('answers registered workers, each for its own enclave', async () => {
    const stranger = addressOf('stranger')
    expect(await ask(1, stranger, stranger).then(() => 'answered', codeOf)).to.equal('WORKER_UNREGISTERED')
    chain.register('bob')
    expect(await ask(1, alice, addressOf('bob enclave')).then(() => 'answered', codeOf)).to.equal('WORKER_UNREGISTERED')
    expect(given).to.deep.equal([])
  })
})
