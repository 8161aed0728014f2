import { expect } from 'chai'
import { once } from 'node:events'
import { WebSocket } from 'ws'
import type { SeatStatus, TaskEvent } from '@enigma/protocol'
import type { RpcServer } from '../../src/rpc/rpc-server.ts'
import { MemoryChain, addressOf, asTaskId } from '../memory-chain.ts'
import { Running, until } from '../net/network-kit.ts'
import { INFO, MemoryWorker, WsClient, callText } from './rpc-kit.ts'

const TASK = asTaskId('task')
const signer = addressOf('bob enclave')
const seat = (stage: string, accepted = true): SeatStatus => ({
  stage,
  signer,
  accepted: accepted ? { recordBlock: 7, signature: new Uint8Array(65) } : null
})
const stages = (events: readonly TaskEvent[]): string[] => events.map(event => event.stage)

describe('rpc/subscriptions', () => {
  const running = new Running()
  const clients: WsClient[] = []
  let worker: MemoryWorker
  let server: RpcServer

  beforeEach(async () => {
    worker = new MemoryWorker(new MemoryChain())
    server = await running.start(worker.server({ limits: { maxSubscriptions: 2, maxPending: 4, pingMs: 200 } }))
  })
  afterEach(async () => {
    for (const client of clients.splice(0)) client.close()
    await running.stop()
  })
  async function client(headers: Record<string, string> = {}): Promise<WsClient> {
    const opened = await WsClient.open(server.port, headers)
    clients.push(opened)
    return opened
  }

  it('follows a task from its record to its end, each event once and in order', async () => {
    const ws = await client()
    const { result: id } = await ws.call('subscribeTask', { taskId: TASK })
    expect(id).to.match(/^0x[0-9a-f]{32}$/)
    worker.tell(TASK, { stage: 'recorded', block: 7 })
    await until('recorded', () => ws.events(id).length === 1)
    worker.seats = [seat('accepted')]
    await until('accepted', () => ws.events(id).length === 2)
    worker.seats = [seat('running')]
    await until('executing', () => ws.events(id).length === 3)
    worker.seats = [seat('submitted')]
    await until('committed', () => ws.events(id).length === 4)
    worker.tell(TASK, { stage: 'verified', block: 8 })
    worker.tell(TASK, { stage: 'final', block: 8 })
    await until('final', () => ws.events(id).length === 6)
    expect(ws.events(id)).to.deep.equal([
      { stage: 'recorded', block: 7 },
      { stage: 'accepted', block: 7, signer, signature: `0x${'00'.repeat(65)}` },
      { stage: 'executing', signer },
      { stage: 'committed', signer },
      { stage: 'verified', block: 8 },
      { stage: 'final', block: 8 }
    ])
    await until('nothing is watched any more', () => worker.watchers === 0)
  })

  it('tells a story that is over at once, after the id, with every stage in it', async () => {
    worker.tell(TASK, { stage: 'recorded', block: 7 }, { stage: 'verified', block: 8 }, { stage: 'failed', block: 8 })
    const ws = await client()
    const { result: id } = await ws.call('subscribeTask', { taskId: TASK })
    await until('failed', () => ws.events(id).length === 6)
    expect(ws.received[0]).to.have.property('result', id)
    expect(stages(ws.events(id))).to.deep.equal([
      'recorded',
      'accepted',
      'executing',
      'committed',
      'verified',
      'failed'
    ])
  })

  it('does not tell late what the chain has overtaken', async () => {
    const ws = await client()
    const { result: id } = await ws.call('subscribeTask', { taskId: TASK })
    worker.tell(TASK, { stage: 'recorded', block: 7 }, { stage: 'verified', block: 8 })
    await until('verified', () => stages(ws.events(id)).includes('verified'))
    worker.seats = [seat('submitted')]
    await until('asked again', () => worker.seatCalls > 10)
    worker.tell(TASK, { stage: 'final', block: 8 })
    await until('final', () => stages(ws.events(id)).includes('final'))
    expect(stages(ws.events(id))).to.deep.equal(['recorded', 'accepted', 'executing', 'committed', 'verified', 'final'])
  })

  it('keeps subscriptions apart, ends them on request and with their connection', async () => {
    const [one, two] = [await client(), await client()]
    const { result: id } = await one.call('subscribeTask', { taskId: TASK })
    const { result: other } = await two.call('subscribeTask', { taskId: TASK })
    expect((await two.call('unsubscribeTask', { subscription: id })).result).to.equal(false)
    worker.tell(TASK, { stage: 'recorded', block: 7 })
    await until('both told', () => one.events(id).length === 1 && two.events(other).length === 1)
    expect((await two.call('unsubscribeTask', { subscription: other })).result).to.equal(true)
    expect((await two.call('unsubscribeTask', { subscription: other })).result).to.equal(false)
    one.close()
    await until('nobody watches', () => worker.watchers === 0)
    worker.tell(TASK, { stage: 'final', block: 9 })
    expect(two.events()).to.have.lengthOf(1)
  })

  it('bounds subscriptions and pending calls of a connection', async () => {
    const ws = await client()
    for (let i = 0; i < 2; i++) await ws.call('subscribeTask', { taskId: asTaskId(`task ${i}`) })
    const third = await ws.call('subscribeTask', { taskId: TASK })
    expect(third.error!.data!.code).to.equal('RPC_TOO_MANY')
    worker.relay.result = () => new Promise(() => {})
    const closed = once(ws.socket, 'close')
    for (let i = 0; i < 6; i++) ws.socket.send(callText('getTaskResult', { taskId: TASK }, i))
    expect((await closed)[0]).to.equal(1013)
  })

  it('answers ordinary calls too, and refuses binary and oversized messages', async () => {
    const ws = await client()
    expect((await ws.call('getInfo')).result).to.deep.equal(INFO)
    ws.socket.send('{')
    await until('parse error', () => ws.received.some(message => message.error?.code === -32700))
    const closedOf = async (send: (socket: WebSocket) => void): Promise<unknown> => {
      const { socket } = await client()
      const closed = once(socket, 'close')
      send(socket)
      return (await closed)[0]
    }
    expect(await closedOf(socket => socket.send(Buffer.from([1, 2, 3])))).to.equal(1003)
    expect(await closedOf(socket => socket.send('0'.repeat(2 ** 21)))).to.equal(1009)
  })

  it('is not open to pages of other origins, nor under other names', async () => {
    await client({ origin: 'http://localhost:8080' })
    for (const headers of [{ origin: 'https://evil.example' }, { host: 'evil.example' }] as Record<string, string>[]) {
      const socket = new WebSocket(`ws://127.0.0.1:${server.port}`, { headers })
      const [error] = (await once(socket, 'error')) as [Error]
      expect(error.message).to.contain('403')
    }
  })

  it('cuts off a client that no longer answers pings', async () => {
    const { socket } = await client()
    socket.pong = () => undefined // stays silent
    await until('cut off', () => socket.readyState === socket.CLOSED, 4_000)
  })
})
