import { expect } from 'chai'
import { once } from 'node:events'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { WebSocketServer } from 'ws'
import type { Libp2pNetwork } from '../../src/net/libp2p-network.ts'
import type { NetLimits } from '../../src/net/limits.ts'
import { MemoryChain } from '../memory-chain.ts'
import { Running, makeNetwork, seesAll, until, type NodeOptions } from './network-kit.ts'

const OVER_WEB_SOCKET = ['/ip4/127.0.0.1/tcp/0/ws']
const FOREVER = 10 * 60 * 1000

describe('net/bounded-web-sockets', () => {
  const running = new Running()
  let chain: MemoryChain
  let victim: Libp2pNetwork

  beforeEach(() => {
    chain = new MemoryChain()
    for (const name of ['alice', 'bob']) chain.register(name)
  })
  afterEach(() => running.stop())

  async function startVictim(limits: Partial<NetLimits> = {}, more: NodeOptions = {}): Promise<void> {
    const patient = { helloTimeoutMs: FOREVER, dialTimeoutMs: FOREVER, ...limits }
    const options = { listen: OVER_WEB_SOCKET, limits: patient, ...more }
    victim = await running.start(await makeNetwork(chain, 'alice', options))
  }

  async function raw(): Promise<Socket> {
    const socket = connect(Number(/\/tcp\/(\d+)/.exec(victim.multiaddrs()[0]!)![1]), '127.0.0.1')
    socket.on('error', () => undefined)
    await once(socket, 'connect')
    return socket
  }
  const HANDSHAKE =
    'GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n'
  async function webSocket(): Promise<Socket> {
    const socket = await raw()
    socket.write(HANDSHAKE)
    const [answer] = (await once(socket, 'data')) as [Buffer]
    expect(answer.toString()).to.match(/^HTTP\/1\.1 101 /)
    return socket
  }
  const gone = (socket: Socket) => () => {
    socket.resume()
    return socket.destroyed
  }
  const MASK = [0, 0, 0, 0]
  const short = (opcode: number, payload: Uint8Array): Buffer =>
    Buffer.from([opcode, 0x80 | payload.length, ...MASK, ...payload])
  const long = (opcode: number, length: number): Buffer => {
    const bytes = Buffer.alloc(8)
    bytes.writeBigUInt64BE(BigInt(length))
    return Buffer.from([opcode, 0x80 | 127, ...bytes, ...MASK])
  }

  it('lets verified peers speak over WebSocket alone, and outlives their time for the opening', async () => {
    await startVictim({ dialTimeoutMs: 1_000 })
    const options = { listen: OVER_WEB_SOCKET, bootstrap: victim.multiaddrs() }
    const bob = await running.start(await makeNetwork(chain, 'bob', options))
    await until('they know each other', () => seesAll(bob, 1)() && seesAll(victim, 1)())
    await sleep(1_500)
    expect(bob.peers().concat(victim.peers())).to.have.lengthOf(2)
  })

  it('outlives frames that are none, and refuses a message above 256 KiB by its length, before anybody is known', async () => {
    await startVictim()
    const unmasked = Buffer.from([0x82, 1, 0])
    const wrong = [unmasked, Buffer.from([0xff, 0xff]), long(0x89, 1), long(0x82, 2 ** 60), long(0x82, 256 * 1024 + 1)]
    for (const bytes of wrong) {
      const socket = await webSocket()
      socket.write(bytes)
      await until(`it is ended after ${bytes.toString('hex')}`, gone(socket))
    }
    const reset = await webSocket()
    reset.resetAndDestroy()
    expect((await webSocket()).destroyed).to.equal(false)
  })

  it('lets the socket go when a connection over it is given up', async () => {
    await startVictim()
    const socket = await webSocket()
    socket.write(short(0x82, new Uint8Array(16).fill(0x80))) // a length that never ends: opening-guard.ts
    await until('it is ended', gone(socket))
  })

  it('lets the socket go when a connection that it dialled is given up', async () => {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
    await once(server, 'listening')
    try {
      let closed = 0
      server.on('connection', client => {
        client.on('close', () => (closed += 1))
        client.send(new Uint8Array(16).fill(0x80))
      })
      const { port } = server.address() as AddressInfo
      const bootstrap = [`/ip4/127.0.0.1/tcp/${port}/ws/p2p/12D3KooWGC6TvWhfapngX6wvJHMYvKpDMXPb3ZnCZ6dMoaMtimQ5`]
      await startVictim({}, { bootstrap })
      await until('it is ended', () => closed > 0)
    } finally {
      server.close()
      for (const client of server.clients) client.terminate()
    }
  })

  it('refuses a message in thousands of pieces', async () => {
    await startVictim()
    const socket = await webSocket()
    const more = short(0x00, new Uint8Array(1))
    socket.write(Buffer.concat([short(0x02, new Uint8Array(1)), ...Array<Buffer>(2_000).fill(more)]))
    await until('it is ended', gone(socket))
  })

  it('does not answer pings, which nobody may read', async () => {
    await startVictim()
    const socket = await webSocket()
    const header = Uint8Array.from([19, ...Buffer.from('/multistream/1.0.0\n')])
    socket.write(Buffer.concat([short(0x89, new Uint8Array(1)), short(0x82, header)]))
    const [answer] = (await once(socket, 'data')) as [Buffer]
    expect(answer[0], 'first the answer to what came second').to.equal(0x82)
    socket.destroy()
  })

  it('stops although somebody holds a socket that never said anything', async () => {
    await startVictim()
    await raw()
    await until('it is there', async () => (await Promise.race([victim.stop(), sleep(5_000, 'late')])) !== 'late')
  })

  it('ends a socket that does not become a WebSocket in time: silent, with half a request, or asking for a page', async () => {
    await startVictim({ dialTimeoutMs: 300 })
    for (const said of [
      '',
      'G',
      'GET / HTTP/1.1\r\nHost: localhost\r\n',
      'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n'
    ]) {
      const socket = await raw()
      socket.write(said)
      await until(`it is ended after '${said.slice(0, 5)}'`, gone(socket), 4_000)
    }
  })

  it('holds no more sockets than peers', async () => {
    await startVictim({ maxConnections: 4 })
    const sockets = await Promise.all(Array.from({ length: 12 }, raw))
    await until('the rest is turned away', () => sockets.filter(socket => gone(socket)()).length === 8)
    for (const socket of sockets) socket.destroy()
  })
})
