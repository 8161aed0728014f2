import { readdirSync } from 'node:fs'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'chai'
import type { RpcServer } from '../../src/rpc/rpc-server.ts'
import type { Libp2pNetwork } from '../../src/net/libp2p-network.ts'
import { MemoryChain } from '../memory-chain.ts'
import { seededRandom } from '../ops/seeded-random.ts'
import { MemoryWorker, callText } from '../rpc/rpc-kit.ts'
import { Running, makeNetwork, until } from './network-kit.ts'

const CONNECTIONS = 1_500
const AT_ONCE = 20

const UPGRADE =
  'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n'
const HANDSHAKE = `GET / HTTP/1.1\r\nHost: localhost\r\n${UPGRADE}`
const MULTISTREAM = Buffer.from('\x13/multistream/1.0.0\n')
const NOISE = Buffer.from('\x07/noise\n')
const CALL = callText('getInfo')
const JSON_HEAD = 'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n'

/** What a client may say first, later or never: openings of every protocol on these ports, whole, cut short or wrong. */
const SAYINGS = [
  HANDSHAKE,
  `GET / HTTP/1.1\r\nHost: evil.example\r\n${UPGRADE}`,
  'GET /status HTTP/1.1\r\nHost: localhost\r\n',
  '\r\n',
  `${JSON_HEAD}Content-Length: ${CALL.length}\r\n\r\n${CALL}`,
  `${JSON_HEAD}Content-Length: 100\r\n\r\n${CALL}`,
  `${JSON_HEAD}Transfer-Encoding: chunked\r\n\r\n5\r\nabc`,
  'POST /mgmt/login HTTP/1.1\r\nHost: localhost\r\nUpgrade: h2c\r\nConnection: Upgrade\r\nExpect: 100-continue\r\n\r\n',
  'CONNECT a:1 HTTP/1.1\r\nHost: localhost\r\n\r\n',
  '\x16\x03\x01\x00\xc8'
].map(text => Buffer.from(text, 'latin1'))

/** The ports of a node, as anybody finds them: not one of its connections is anybody's whom it knows. */
describe('net: raw connections to every port of a node', function () {
  this.timeout(120_000)
  const running = new Running()
  const { pick, seed } = seededRandom()
  let network: Libp2pNetwork
  let rpc: RpcServer

  before(async () => {
    const chain = new MemoryChain()
    chain.register('alice')
    const listen = ['/ip4/127.0.0.1/tcp/0', '/ip4/127.0.0.1/tcp/0/ws']
    const limits = { dialTimeoutMs: 1_000, helloTimeoutMs: 1_000, inboundPerSecond: 1e6, maxPendingHandshakes: 64 }
    network = await running.start(await makeNetwork(chain, 'alice', { listen, limits }))
    const short = { headersTimeoutMs: 1_000, requestTimeoutMs: 1_000, answerTimeoutMs: 1_000 }
    rpc = await running.start(new MemoryWorker(chain).server({ limits: short }))
  })
  after(() => running.stop())

  it(`say anything and go away in every way: the process outlives them, and keeps none of their descriptors (SEED=${seed})`, async () => {
    const bytes = (most: number): Buffer => Buffer.from(Array.from({ length: pick(most) }, () => pick(256)))
    const frame = (payload: Buffer, opcode = 0x82): Buffer =>
      Buffer.concat([Buffer.from([opcode, 0x80 | payload.length, 0, 0, 0, 0]), payload])
    const saying = (): Buffer => {
      const kinds = [
        () => SAYINGS[pick(SAYINGS.length)]!,
        () => [MULTISTREAM, NOISE, frame(MULTISTREAM), frame(NOISE)][pick(4)]!,
        () => bytes(200),
        () => frame(bytes(100)),
        () => frame(bytes(100), pick(256)),
        () => Buffer.concat([Buffer.from([0, 48]), bytes(64)]) // a message of noise
      ]
      return kinds[pick(kinds.length)]!()
    }
    const ports = [...network.multiaddrs().map(address => Number(/\/tcp\/(\d+)/.exec(address)![1])), rpc.port]
    const descriptors = (): number => readdirSync('/proc/self/fd').length

    async function one(): Promise<void> {
      const socket = connect({ port: ports[pick(3)]!, host: '127.0.0.1', localAddress: `127.0.0.${1 + pick(200)}` })
      socket.on('error', () => undefined)
      if (pick(2) === 0) socket.resume()
      await new Promise<void>(done => socket.once('connect', done).once('close', () => done()))
      if (pick(3) === 0) socket.write(HANDSHAKE)
      for (let left = pick(6); left > 0 && !socket.destroyed; left--) {
        socket.write(saying())
        if (pick(2) === 0) await sleep(pick(5))
      }
      const end = [() => socket.resetAndDestroy(), () => socket.end(), () => socket.destroy(), () => sleep(pick(50))]
      await end[pick(end.length)]!()
      await sleep(pick(10))
      socket.destroy()
    }

    const before = descriptors()
    for (let done = 0; done < CONNECTIONS; done += AT_ONCE) await Promise.all(Array.from({ length: AT_ONCE }, one))
    await until('all are let go', () => descriptors() <= before, 20_000)
    const answer = await fetch(`http://127.0.0.1:${rpc.port}/healthcheck`)
    expect(answer.status).to.equal(200)
    expect(network.peers()).to.deep.equal([])
  })
})
