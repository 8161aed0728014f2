import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { expect } from 'chai'
import { WorkerRefusal, callWorker } from '../../src/index.ts'
import { refused } from '../support/refused.ts'

describe('enigma-js/rpc/call', () => {
  let server: Server
  let url: string
  async function serve(listener: RequestListener): Promise<void> {
    server = createServer(listener)
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  }
  afterEach(() => {
    server.closeAllConnections()
    server.close()
  })
  const answer = (text: string): Promise<void> => serve((_, response) => void response.end(text))
  const call = (options = {}) => callWorker(url, 'getInfo', {}, options)

  const wrong: [string, string][] = [
    ['no JSON', 'hello'],
    ['null', 'null'],
    ['neither result nor error', '{"jsonrpc":"2.0","id":1}'],
    ['an error without a code of ours', '{"error":{"code":-32000,"message":"no"}}'],
    ['an error whose code is a sentence', '{"error":{"message":"no","data":{"code":"Give me your key"}}}']
  ]
  for (const [what, text] of wrong) {
    it(`refuses an answer that is ${what}`, async () => {
      await answer(text)

      expect((await refused(call())).code).to.equal('WORKER_ANSWER_WRONG')
    })
  }

  it("passes on a worker's code and hint, and keeps its text printable and short", async () => {
    const message = `\u001b[2J${'x'.repeat(5000)}`
    await answer(JSON.stringify({ error: { message, data: { code: 'INPUT_NOT_FOR_SEAT', hint: 'a\u0007b' } } }))

    const error = await refused(call())

    expect(error).to.be.instanceOf(WorkerRefusal)
    expect([error.code, error.hint]).to.deep.equal(['INPUT_NOT_FOR_SEAT', 'a.b'])
    expect(error.message).to.match(/^[\x20-\x7e]{1,200}$/)
  })

  describe('a connection that was kept open and is closed the moment it is used again', () => {
    /** Answers the first request of a connection, and resets it at the second one; all of them once there were as many as `good` says. */
    async function serveOnce(good: number): Promise<{ answered: number; resets: number }> {
      const served = new WeakSet<Socket>()
      const counts = { answered: 0, resets: 0 }
      await serve(({ socket }, response) => {
        if (served.has(socket) || counts.answered >= good) {
          counts.resets += 1
          return void socket.resetAndDestroy()
        }
        served.add(socket)
        counts.answered += 1
        response.end('{"result":{}}')
      })
      return counts
    }

    it('is no worker that cannot be reached: the call is made again', async () => {
      const counts = await serveOnce(Infinity)
      while (counts.resets === 0) {
        expect(await call()).to.deep.equal({})
        await setImmediate() // a connection is free again a moment after its answer
      }
      expect(counts.resets).to.equal(1)
    })

    it('is one if the next connection is cut off, too', async () => {
      const counts = await serveOnce(1)
      await call()
      expect((await refused(call())).code).to.equal('WORKER_UNREACHABLE')
      expect(counts.resets).to.equal(2)
    })
  })

  it('reads no more than an answer can be long', async () => {
    let sent = 0
    await serve((_, response) => {
      const chunk = 'x'.repeat(64 * 1024)
      const more = (): void => {
        while (!response.destroyed && sent < 1e9) {
          sent += chunk.length
          if (!response.write(chunk)) return void response.once('drain', more)
        }
      }
      more()
    })

    expect((await refused(call())).code).to.equal('WORKER_ANSWER_WRONG')
    expect(sent).to.be.lessThan(16 * 1024 * 1024)
  })

  it('waits no longer than its limit for a worker that is silent', async () => {
    await serve(() => undefined)

    const error = await refused(call({ timeoutMs: 50 }))

    expect(error.code).to.equal('WORKER_UNREACHABLE')
    expect(error.message).to.include('50 ms')
  })

  it("ends with its signal's reason", async () => {
    await serve(() => undefined)
    const stop = new AbortController()
    setTimeout(() => stop.abort(new Error('enough')), 20)

    const error = await call({ signal: stop.signal }).catch((reason: unknown) => reason)

    expect((error as Error).message).to.equal('enough')
  })
})
