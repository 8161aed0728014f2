import { expect } from 'chai'
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { randomOf, startFaultProxy, type FaultProxy, type FaultProxyInit } from '../src/index.ts'

/** A server that sends back what it gets, and remembers how it came. */
class Echo {
  readonly chunks: number[] = []
  readonly ends: string[] = []
  readonly sockets: Socket[] = []
  readonly server: Server = createServer({ allowHalfOpen: true }, socket => {
    this.sockets.push(socket)
    socket.on('data', chunk => {
      this.chunks.push(chunk.length)
      socket.write(chunk)
    })
    socket.on('end', () => {
      this.ends.push('end')
      socket.end()
    })
    socket.on('error', error => this.ends.push((error as NodeJS.ErrnoException).code ?? ''))
  })
  async listen(): Promise<number> {
    this.server.listen(0, '127.0.0.1')
    await once(this.server, 'listening')
    return (this.server.address() as AddressInfo).port
  }
  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy()
    this.server.close()
    await once(this.server, 'close')
  }
}

describe('faults/fault-proxy', () => {
  let echo: Echo
  let proxy: FaultProxy
  const clients: Socket[] = []

  async function through(init: Omit<FaultProxyInit, 'target'> = {}): Promise<void> {
    echo = new Echo()
    proxy = await startFaultProxy({ ...init, target: { port: await echo.listen() } })
  }
  async function client(): Promise<{ socket: Socket; got: () => Buffer; ended: Promise<string> }> {
    const socket = connect({ port: proxy.port, host: proxy.host, allowHalfOpen: true })
    clients.push(socket)
    const chunks: Buffer[] = []
    socket.on('data', chunk => chunks.push(chunk))
    const ended = new Promise<string>(resolve => {
      socket.once('end', () => resolve('end'))
      socket.once('error', error => resolve((error as NodeJS.ErrnoException).code ?? ''))
    })
    await once(socket, 'connect')
    return { socket, got: () => Buffer.concat(chunks), ended }
  }
  const until = async (condition: () => boolean): Promise<void> => {
    while (!condition()) await new Promise(resolve => setTimeout(resolve, 5))
  }
  afterEach(async () => {
    for (const socket of clients.splice(0)) socket.destroy()
    await proxy.stop()
    await echo.stop()
  })

  it('passes bytes and ends on unchanged, and counts them', async () => {
    await through()
    const { socket, got, ended } = await client()
    const data = Buffer.from(randomOf(1).bytes(300_000))
    socket.end(data)
    expect(await ended).to.equal('end')
    expect(got().equals(data)).to.equal(true)
    expect(proxy.bytes).to.deep.equal({ up: data.length, down: data.length })
  })

  it('delays one direction alone, with jitter but in order', async () => {
    await through({ down: { latencyMs: 60, jitterMs: 40 }, random: randomOf(7) })
    const { socket, got } = await client()
    const started = performance.now()
    for (let i = 0; i < 20; i++) {
      socket.write(Buffer.of(i))
      await new Promise(resolve => setTimeout(resolve, 2))
    }
    await until(() => got().length === 20)
    expect(performance.now() - started).to.be.greaterThan(20)
    expect([...got()]).to.deep.equal([...Array(20).keys()])
  })

  it('slices into single bytes', async () => {
    await through({ up: { sliceBytes: 1, slicePauseMs: 2 } })
    const { socket, got } = await client()
    socket.write(Buffer.alloc(40, 9))
    await until(() => got().length === 40)
    expect(echo.chunks.length).to.be.greaterThan(20)
  })

  it('lets no more bytes pass in a second than it is told', async () => {
    await through({ up: { bytesPerSecond: 20_000 } })
    const { socket, got } = await client()
    const started = performance.now()
    socket.write(Buffer.alloc(10_000))
    await until(() => got().length === 10_000)
    expect(performance.now() - started).to.be.greaterThan(400)
  })

  it('resets both ends in the middle of a message', async () => {
    await through({ up: { resetAfterBytes: 1_000 } })
    const { socket, ended } = await client()
    socket.write(Buffer.alloc(5_000))
    expect(await ended).to.equal('ECONNRESET')
    await until(() => echo.ends.length > 0)
    expect(echo.ends).to.deep.equal(['ECONNRESET'])
    expect(proxy.bytes.up).to.equal(1_000)
    await until(() => proxy.open === 0)
  })

  it('ends one direction after so many bytes, while the other goes on', async () => {
    await through({ up: { endAfterBytes: 10 } })
    const { socket, got, ended } = await client()
    socket.write(Buffer.alloc(25, 1))
    expect(await ended).to.equal('end') // the server answers the end of its input with its own
    expect(got()).to.have.length(10)
    expect(echo.ends).to.deep.equal(['end'])
  })

  it('holds everything back while it stalls, and heals while running', async () => {
    await through({ up: { stall: true } })
    const { socket, got } = await client()
    socket.write('held')
    await new Promise(resolve => setTimeout(resolve, 100))
    expect(proxy.bytes.up).to.equal(0)
    proxy.heal()
    await until(() => got().toString() === 'held')
  })

  it('delays the end of a stream', async () => {
    await through({ down: { closeDelayMs: 150 } })
    const { socket, ended } = await client()
    const started = performance.now()
    socket.end('x')
    expect(await ended).to.equal('end')
    expect(performance.now() - started).to.be.greaterThan(140)
  })

  it('cuts what is open, and refuses what is new', async () => {
    await through()
    const { ended } = await client()
    await until(() => proxy.open === 1)
    proxy.refuse(true)
    proxy.cut()
    expect(await ended).to.equal('ECONNRESET')
    const second = connect({ port: proxy.port, host: proxy.host })
    clients.push(second)
    const [error] = (await once(second, 'error')) as [NodeJS.ErrnoException]
    expect(error.code).to.equal('ECONNRESET')
    proxy.heal()
    const third = await client()
    third.socket.write('again')
    await until(() => third.got().toString() === 'again')
  })

  it('keeps nothing of a connection whose server is not there', async () => {
    await through()
    await echo.stop()
    const socket = connect({ port: proxy.port, host: proxy.host })
    clients.push(socket)
    await once(socket, 'error')
    await until(() => proxy.open === 0)
    await echo.listen()
  })
})
