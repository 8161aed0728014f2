import { expect } from 'chai'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { codeOf } from '@enigma/protocol'
import { ChainRpcError, createChainRpc } from '../../src/chain/rpc.ts'

type Answer = (
  body: { id: number; method: string },
  attempt: number
) => { status?: number; text: string } | 'hang' | 'cut'

describe('chain/rpc', () => {
  let server: Server
  let answer: Answer
  let attempts = 0
  let url: string

  before(async () => {
    server = createServer((request, response) => {
      let text = ''
      request.on('data', chunk => (text += String(chunk)))
      request.on('end', () => {
        const said = answer(JSON.parse(text) as { id: number; method: string }, ++attempts)
        if (said === 'hang') return
        if (said === 'cut') return void request.socket.destroy()
        response.writeHead(said.status ?? 200, { 'content-type': 'application/json' })
        response.end(said.text)
      })
    })
    await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  beforeEach(() => (attempts = 0))
  after(() => {
    server.closeAllConnections()
    server.close()
  })

  const ok = (result: unknown) => ({ text: JSON.stringify({ jsonrpc: '2.0', id: 1, result }) })
  const failure = async (work: Promise<unknown>): Promise<Error> =>
    work.then(
      () => expect.fail('it should have failed'),
      (error: Error) => error
    )

  it('asks again after a broken connection and after an answer that is none', async () => {
    answer = (_, attempt) => (attempt === 1 ? 'cut' : attempt === 2 ? { status: 502, text: '<html>' } : ok('0x1'))
    expect(await createChainRpc(url).send('eth_blockNumber', [])).to.equal('0x1')
    expect(attempts).to.equal(3)
  })

  it('asks again soon when one answer is lost, and gives a node that is slow more time with each attempt', async () => {
    answer = (_, attempt) => (attempt < 4 ? 'hang' : ok('0x1'))
    const rpc = createChainRpc(url, { firstAttemptMs: 5, attemptTimeoutMs: 600_000, timeoutMs: 600_000 })
    expect(await rpc.send('eth_blockNumber', [])).to.equal('0x1')
    expect(attempts).to.equal(4)

    // A range of events may be long: it has its whole time at once.
    answer = (_, attempt) => (attempt === 5 ? 'hang' : ok([]))
    const limits = { timeoutMs: 200, divisible: true }
    expect(codeOf(await failure(rpc.send('eth_getLogs', [], limits)))).to.equal('CHAIN_TIMEOUT')
    expect(attempts).to.equal(5)
  })

  it('does not ask again when the node itself answers with an error', async () => {
    const error = { code: 3, message: 'execution reverted', data: '0x1234abcd' }
    answer = () => ({ text: JSON.stringify({ jsonrpc: '2.0', id: 1, error }) })
    const thrown = await failure(createChainRpc(url).send('eth_call', []))
    expect(thrown).to.be.instanceOf(ChainRpcError)
    expect((thrown as ChainRpcError).data).to.equal('0x1234abcd')
    expect(attempts).to.equal(1)
  })

  it('ends by its deadline although the node never answers', async () => {
    answer = () => 'hang'
    const rpc = createChainRpc(url, { attempts: 10_000, attemptTimeoutMs: 50 }) // minutes of attempts
    const thrown = await failure(rpc.send('eth_call', [], { timeoutMs: 200 }))
    expect(codeOf(thrown)).to.equal('CHAIN_TIMEOUT')
  })

  it('says that the node cannot be reached when nobody listens', async () => {
    const thrown = await failure(createChainRpc('http://127.0.0.1:9', { attempts: 2 }).send('eth_call', []))
    expect(codeOf(thrown)).to.equal('CHAIN_UNREACHABLE')
  })

  it('refuses an answer that is larger than its limit', async () => {
    answer = () => ok('x'.repeat(10_000))
    const thrown = await failure(createChainRpc(url, { maxAnswerBytes: 1_000, attempts: 1 }).send('eth_call', []))
    expect(codeOf(thrown)).to.equal('CHAIN_UNREACHABLE')
    expect(String((thrown as { cause?: unknown }).cause)).to.contain('1000 bytes')
  })
})
