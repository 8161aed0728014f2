import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { noise, type NoiseComponents } from '@chainsafe/libp2p-noise'
import { yamux } from '@chainsafe/libp2p-yamux'
import type { Connection, ConnectionEncrypter, MessageStream, Stream } from '@libp2p/interface'
import { tcp } from '@libp2p/tcp'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'

/** One way of sending bytes to a node before it knows who sends them. */
export interface Opening {
  /** Where in the opening of a connection the bytes arrive. */
  readonly stage: string
  /** Sends them, piece by piece, until all are sent or the victim ends it. Gives how many were sent. */
  send(bytes: Uint8Array): Promise<number>
  /** True once the victim has ended what they came on. */
  readonly ended: () => boolean
  readonly close: () => Promise<void>
}

const PIECE_BYTES = 16 * 1024
const PATIENCE_MS = 60_000
const HEADER = Uint8Array.from([19, ...Buffer.from('/multistream/1.0.0\n')])

/** On a bare TCP socket, where encryption is agreed on. */
export async function rawOpening(address: string): Promise<Opening> {
  const port = Number(/\/tcp\/(\d+)/.exec(address)![1])
  const socket = connect({ port, host: '127.0.0.1' })
  let ended = false
  socket.on('error', () => undefined)
  socket.on('close', () => (ended = true))
  socket.resume()
  await once(socket, 'connect')
  socket.write(HEADER)
  return {
    stage: 'before encryption',
    ended: () => ended,
    async send(bytes) {
      let at = 0
      for (; at < bytes.length && !ended; at += PIECE_BYTES) {
        if (socket.write(bytes.subarray(at, at + PIECE_BYTES))) await sleep(1)
        else await Promise.race([once(socket, 'drain'), once(socket, 'close')]).catch(() => undefined)
      }
      return Math.min(at, bytes.length)
    },
    async close() {
      socket.destroy()
      await sleep(1)
    }
  }
}

/** After the handshake of noise, where a multiplexer is agreed on. */
export async function encryptedOpening(address: string): Promise<Opening> {
  const secured = Promise.withResolvers<MessageStream>()
  const node = await bareNode(components => {
    const inner = noise()(components)
    return {
      ...inner,
      protocol: inner.protocol,
      secureInbound: (connection, options) => inner.secureInbound(connection, options),
      async secureOutbound(connection, options) {
        const { connection: stream } = await inner.secureOutbound(connection, { ...options, skipStreamMuxerNegotiation: true }) // prettier-ignore
        secured.resolve(stream)
        return new Promise(() => undefined) // the library goes no further
      }
    }
  })
  const dialling = new AbortController()
  node.dial(multiaddr(address), { signal: dialling.signal }).catch(secured.reject)
  const stream = await secured.promise
  stream.send(HEADER)
  return {
    ...overStream('after encryption', stream),
    async close() {
      dialling.abort()
      stream.abort(new Error('away'))
      await node.stop()
    }
  }
}

/** On a stream whose protocol is not named yet. */
export async function streamOpening(address: string): Promise<Opening> {
  const node = await bareNode(noise())
  const connection = (await node.dial(multiaddr(address))) as Connection & {
    muxer: { createStream(): Promise<Stream> }
  }
  const stream = await connection.muxer.createStream()
  stream.send(HEADER)
  return { ...overStream('on a stream without a protocol', stream), close: async () => void (await node.stop()) }
}

/** As the answer to the victim's own question who this is. */
export async function identifyOpening(address: string): Promise<Opening> {
  const asked = Promise.withResolvers<Stream>()
  const node = await bareNode(noise())
  await node.handle('/ipfs/id/1.0.0', stream => asked.resolve(stream))
  await node.dial(multiaddr(address))
  return {
    ...overStream('in the answer of identify', await asked.promise),
    close: async () => void (await node.stop())
  }
}

export const OPENINGS = [rawOpening, encryptedOpening, streamOpening, identifyOpening]

function overStream(stage: string, stream: MessageStream): Omit<Opening, 'close'> {
  let ended = false
  stream.addEventListener('close', () => (ended = true))
  return {
    stage,
    ended: () => ended,
    async send(bytes) {
      let at = 0
      for (; at < bytes.length && stream.status === 'open'; at += PIECE_BYTES) {
        if (!stream.send(bytes.subarray(at, at + PIECE_BYTES))) await stream.onDrain().catch(() => undefined)
        await sleep(1)
      }
      return Math.min(at, bytes.length)
    }
  }
}

function bareNode(encrypter: (components: NoiseComponents) => ConnectionEncrypter) {
  return createLibp2p({
    transports: [tcp()],
    connectionEncrypters: [encrypter],
    streamMuxers: [yamux()],
    connectionMonitor: { enabled: false },
    connectionManager: { dialTimeout: PATIENCE_MS, addressDialTimeout: PATIENCE_MS } // it is the victim who gives up
  })
}
