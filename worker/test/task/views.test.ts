import { expect } from 'chai'
import {
  ZERO_HASH,
  chainViewRequest,
  codeOf,
  principalChainViewAnswer,
  type ChainView,
  type ChainViewAnswer,
  type Hash
} from '@enigma/protocol'
import { viewAt } from '../../src/chain/chain-view.ts'
import type { Enclave } from '../../src/enclave/enclave.ts'
import type { Peer, PeerNetwork } from '../../src/net/peer-network.ts'
import { createChainViews, untilIndexed, type ChainViews } from '../../src/task/views.ts'
import { MemoryChain, addressOf, asScAddr, asTaskId, hashOf } from '../memory-chain.ts'

describe('task/views', () => {
  const scAddr = asScAddr('contract')
  const taskId = asTaskId('task')
  const contracts = [{ scAddr, taskIds: [taskId] }]
  const nonce = hashOf('nonce')
  const signal = new AbortController().signal
  let chain: MemoryChain
  let opened: ChainViewAnswer[]
  let principals: string[]
  let answer: (principal: string, minBlock: number) => ChainView
  let views: ChainViews

  beforeEach(() => {
    chain = new MemoryChain()
    chain.register('alice')
    chain.startEpoch()
    chain.deploy(scAddr, hashOf('code'))
    chain.record({ taskId, scAddr, inputHash: hashOf('input') })
    opened = []
    principals = ['primary']
    answer = () => viewAt(chain, nonce, chain.head(), contracts)
    const enclave = {
      call(method: string, request: ChainViewAnswer & { minBlock: number }) {
        if (method === 'openChainView') {
          opened.push(request)
          return Promise.resolve({})
        }
        const bytes = chainViewRequest.encode({ nonce, minBlock: request.minBlock, contracts })
        return Promise.resolve({ request: bytes, signer: addressOf('alice enclave'), signature: new Uint8Array(65) })
      }
    } as unknown as Enclave
    const network = {
      peers: () => principals.map(peerId => ({ peerId, role: 'principal' }) as Peer),
      request(peer: Peer, _protocol: string, _method: number, _payload: Uint8Array) {
        const view = answer(peer.peerId, 0)
        const signed = { view, signature: new Uint8Array(65), grants: new Uint8Array(0) }
        return Promise.resolve(principalChainViewAnswer.encode(signed))
      }
    } as unknown as PeerNetwork
    views = createChainViews(chain, enclave, network)
  })
  const refused = async (view: ChainView): Promise<string> => {
    answer = () => view
    const code = await views.open(contracts, 1, signal).then(() => 'taken', codeOf)
    expect(opened).to.deep.equal([])
    return code
  }
  const told = (): ChainView => viewAt(chain, nonce, chain.head(), contracts)

  it('gives the enclave a view that is the same as its own chain', async () => {
    const { view } = await views.open(contracts, chain.head().number, signal)
    expect(view.contracts[0]!.tasks[0]!.taskId).to.equal(taskId)
    expect(opened).to.have.length(1)
  })

  it('drops a view in which the principal lies about anything', async () => {
    const honest = told()
    const contract = honest.contracts[0]!
    const task = contract.tasks[0]!
    const lies: ChainView[] = [
      { ...honest, nonce: hashOf('another') },
      { ...honest, blockHash: hashOf('another') },
      { ...honest, time: honest.time + 1 },
      { ...honest, epoch: 7 },
      { ...honest, epochStart: honest.epochStart + 1 },
      { ...honest, generation: 1 },
      { ...honest, contracts: [] },
      { ...honest, contracts: [{ ...contract, headHash: hashOf('an old head') }] },
      { ...honest, contracts: [{ ...contract, codeHash: ZERO_HASH }] },
      { ...honest, contracts: [{ ...contract, tasks: [{ ...task, sender: addressOf('somebody else') }] }] },
      { ...honest, contracts: [{ ...contract, tasks: [{ ...task, recordTime: task.recordTime + 1 }] }] },
      { ...honest, contracts: [{ ...contract, tasks: [{ ...task, status: 2, receiptDigest: hashOf('x') as Hash }] }] }
    ]
    for (const lie of lies) expect(await refused(lie)).to.equal('VIEW_MISMATCH')
  })

  it('waits for its own chain when the principal is ahead', async () => {
    const ahead = {
      number: chain.head().number + 1,
      hash: hashOf(`block ${chain.head().number + 1}`),
      time: chain.head().time + 1
    }
    answer = () => viewAt(chain, nonce, ahead, contracts)
    const opening = views.open(contracts, 1, signal)
    await new Promise(done => setTimeout(done, 20))
    expect(opened).to.deep.equal([])
    chain.mine()
    await opening
    expect(opened).to.have.length(1)
  })

  it('asks the next principal when the first is silent, and says so when there is none', async () => {
    principals = ['primary', 'standby']
    const asked: string[] = []
    answer = principal => {
      asked.push(principal)
      if (principal === 'primary') throw new Error('no answer')
      return told()
    }
    await views.open(contracts, 1, signal)
    expect(asked).to.deep.equal(['primary', 'standby'])
    principals = []
    expect(await views.open(contracts, 1, signal).then(() => 'taken', codeOf)).to.equal('WORKER_NOT_READY')
  })

  it('does not wait for ever for a block', async () => {
    const failure = await untilIndexed(chain, chain.head().number + 5, 30).catch((error: unknown) => error)
    expect(codeOf(failure)).to.equal('CHAIN_BEHIND')
  })
})
