import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TaskEvent, TaskId } from '@enigma/protocol'
import { expect } from 'chai'
import { WebSocketServer, type WebSocket } from 'ws'
import { followTask } from '../../src/rpc/subscription.ts'
import { Workers } from '../../src/rpc/workers.ts'

const TASK = `0x${'1a'.repeat(32)}` as TaskId

describe('enigma-js/rpc/subscription', () => {
  let server: Server
  let sockets: WebSocketServer
  let polled = 0
  let polledEvents: unknown[] = []
  const stop = { controller: new AbortController() }

  /** A worker: status by HTTP, subscriptions by `onRequest`. */
  async function serve(
    onRequest: (socket: WebSocket, request: { id: number; method: string }) => void
  ): Promise<Workers> {
    stop.controller = new AbortController()
    polled = 0
    polledEvents = []
    server = createServer((_, response) => {
      polled++
      response.end(JSON.stringify({ result: { taskId: TASK, status: null, chainStatus: 0, events: polledEvents } }))
    })
    sockets = new WebSocketServer({ server })
    sockets.on('connection', socket =>
      socket.on('message', (data: Buffer) => onRequest(socket, JSON.parse(data.toString()) as never))
    )
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    return new Workers([`http://127.0.0.1:${(server.address() as AddressInfo).port}`])
  }
  afterEach(() => {
    stop.controller.abort()
    for (const socket of sockets.clients) socket.terminate()
    sockets.close()
    server.closeAllConnections()
    server.close()
  })

  /** The first `count` stages that come. */
  function stages(workers: Workers, count: number): Promise<string[]> {
    const seen: string[] = []
    const { promise, resolve } = Promise.withResolvers<string[]>()
    const hear = ({ stage }: TaskEvent): void => {
      if (seen.push(stage) === count) resolve(seen)
    }
    void followTask(workers, TASK, hear, stop.controller.signal)
    return promise
  }
  const notify = (socket: WebSocket, subscription: string, event: unknown): void =>
    socket.send(JSON.stringify({ method: 'taskEvent', params: { subscription, event } }))

  it('hears the events of its subscription, and of no other', async () => {
    const workers = await serve((socket, { id, method }) => {
      expect(method).to.equal('subscribeTask')
      socket.send(JSON.stringify({ id, result: 'mine' }))
      notify(socket, 'other', { stage: 'final' })
      notify(socket, 'mine', { stage: 'accepted' })
      notify(socket, 'mine', { stage: 'executing' })
    })

    expect(await stages(workers, 2)).to.deep.equal(['accepted', 'executing'])
  })

  it('is not disturbed by what is no event', async () => {
    const workers = await serve((socket, { id }) => {
      socket.send('not JSON')
      socket.send('null')
      socket.send(Buffer.alloc(10))
      socket.send(JSON.stringify({ id, result: 'mine' }))
      notify(socket, 'mine', null)
      notify(socket, 'mine', { stage: 'nonsense' })
      notify(socket, 'mine', { stage: 'committed' })
    })

    expect(await stages(workers, 1)).to.deep.equal(['committed'])
  })

  it('polls where a subscription is refused or ends', async () => {
    const workers = await serve((socket, { id }) => {
      socket.send(JSON.stringify({ id, error: { code: -32000, message: 'no' } }))
      polledEvents = [{ stage: 'executing' }]
    })

    expect(await stages(workers, 1)).to.deep.equal(['executing'])
    expect(polled).to.be.greaterThan(1)
  })

  it('ends with its signal, leaving no connection behind', async () => {
    const { promise: opened, resolve } = Promise.withResolvers<void>()
    const workers = await serve((socket, { id }) => {
      socket.send(JSON.stringify({ id, result: 'mine' }))
      resolve()
    })
    const following = followTask(workers, TASK, () => undefined, stop.controller.signal)
    await opened
    const closed = Promise.all([...sockets.clients].map(s => new Promise(done => s.once('close', done))))

    stop.controller.abort()

    await following
    await closed
  })
})
